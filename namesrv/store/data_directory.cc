#include "namesrv/store/data_directory.h"

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace waypost::store {
namespace {

std::string pid_in(int file) {
  char text[32];
  const ssize_t got = ::pread(file, text, sizeof text, 0);
  std::string pid;
  for (ssize_t i = 0; i < got && text[i] >= '0' && text[i] <= '9'; ++i) {
    pid += text[i];
  }
  return pid;
}

base::Status write_pid(int file, const std::string& path) {
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, pid.data(), pid.size(), 0) !=
                                       static_cast<ssize_t>(pid.size())) {
    return tl::unexpected(system_error("write", path));
  }
  return {};
}

base::Error in_use(const std::string& path, const std::string& pid) {
  return {base::ErrorCode::kConflict,
          "data directory " + path + " is in use by " +
              (pid.empty() ? "another process" : "process " + pid),
          "stop that process, or give this one a data directory of its own"};
}

}  // namespace

DataDirectory::DataDirectory(std::string path, FileDescriptor lock)
    : path_(std::move(path)), lock_(std::move(lock)) {}

base::Result<std::unique_ptr<DataDirectory>> DataDirectory::open(
    const std::string& path) {
  if (path.empty()) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "the path of the data directory is empty");
  }
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    return base::fail(
        base::ErrorCode::kInternal,
        "cannot make data directory " + path + ": " + error.message(),
        "name another one with --data-dir, or make it for this user");
  }
  const std::string lock_path = path + "/lock";
  FileDescriptor lock(
      ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (!lock) return tl::unexpected(system_error("open", lock_path));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return tl::unexpected(in_use(path, pid_in(lock.get())));
    }
    return tl::unexpected(system_error("lock", lock_path));
  }
  if (auto ok = write_pid(lock.get(), lock_path); !ok) {
    return tl::unexpected(ok.error());
  }
  return std::unique_ptr<DataDirectory>(
      new DataDirectory(path, std::move(lock)));
}

}  // namespace waypost::store

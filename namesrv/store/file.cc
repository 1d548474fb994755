#include "namesrv/store/file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace waypost::store {
namespace {

FileDescriptor open_file(const std::string& path, int flags, mode_t mode = 0) {
  int number = -1;
  do {
    number = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (number < 0 && errno == EINTR);
  return FileDescriptor(number);
}

bool write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

base::Status write_part(const std::string& part, std::string_view content) {
  const FileDescriptor file =
      open_file(part, O_WRONLY | O_CREAT | O_TRUNC, 0640);
  if (!file) return tl::unexpected(system_error("create", part));
  if (!write_all(file.get(), content)) {
    return tl::unexpected(system_error("write", part));
  }
  if (::fsync(file.get()) != 0) {
    return tl::unexpected(system_error("flush to the disk", part));
  }
  return {};
}

const char* advice_for(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT:
      return "make room there; 'df' shows how much is left";
    case EACCES:
    case EPERM:
      return "let this user read and write there; 'ls -ld' shows who may";
    case EROFS:
      return "mount that file system for writing, or use another one";
    default:
      return "";
  }
}

}  // namespace

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : number_(std::exchange(other.number_, -1)) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (number_ >= 0) ::close(number_);
}

base::Error system_error(std::string_view what, const std::string& path) {
  const int number = errno;
  char text[128] = "";
  return {base::ErrorCode::kInternal,
          "cannot " + std::string(what) + " " + path + ": " +
              ::strerror_r(number, text, sizeof text),
          advice_for(number)};
}

base::Result<std::optional<std::string>> read_file(const std::string& path,
                                                   std::size_t max_bytes) {
  const FileDescriptor file = open_file(path, O_RDONLY);
  if (!file) {
    if (errno == ENOENT) return std::optional<std::string>{};
    return tl::unexpected(system_error("open", path));
  }
  std::string content;
  char block[64 * 1024];
  for (;;) {
    const ssize_t got = ::read(file.get(), block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return tl::unexpected(system_error("read", path));
    if (got == 0) return content;
    content.append(block, static_cast<std::size_t>(got));
    if (content.size() > max_bytes) {
      return base::fail(
          base::ErrorCode::kTooLarge,
          path + " has more than " + std::to_string(max_bytes) + " bytes");
    }
  }
}

base::Status replace_file(const std::string& path, std::string_view content) {
  const std::string part = path + ".part";
  if (auto ok = write_part(part, content); !ok) {
    ::unlink(part.c_str());
    return ok;
  }
  if (::rename(part.c_str(), path.c_str()) != 0) {
    return tl::unexpected(system_error("rename " + part + " to", path));
  }
  const std::string directory = directory_of(path);
  const FileDescriptor opened = open_file(directory, O_RDONLY | O_DIRECTORY);
  if (!opened || ::fsync(opened.get()) != 0) {
    return tl::unexpected(system_error("flush to the disk", directory));
  }
  return {};
}

}  // namespace waypost::store

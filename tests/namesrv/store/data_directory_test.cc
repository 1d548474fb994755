#include "namesrv/store/data_directory.h"

#include <cerrno>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "namesrv/store/file.h"

namespace waypost::store {
namespace {

namespace fs = std::filesystem;

class DirectoryFixture {
 public:
  DirectoryFixture() {
    std::string name = (fs::temp_directory_path() / "data-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    root = name;
  }
  ~DirectoryFixture() {
    std::error_code ignored;
    fs::remove_all(root, ignored);
  }
  std::string root;
};

TEST_CASE_FIXTURE(DirectoryFixture, "missing directories are made") {
  const std::string path = root + "/a/b/c";
  const auto directory = DataDirectory::open(path);
  REQUIRE(directory.has_value());
  CHECK((*directory)->path() == path);
  CHECK(fs::is_directory(path));
}

TEST_CASE_FIXTURE(DirectoryFixture,
                  "a directory is held by one, and free when that one ends") {
  auto first = DataDirectory::open(root);
  REQUIRE(first.has_value());
  const auto second = DataDirectory::open(root);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == base::ErrorCode::kConflict);
  CHECK(second.error().message == "data directory " + root +
                                      " is in use by process " +
                                      std::to_string(::getpid()));
  first->reset();
  CHECK(DataDirectory::open(root).has_value());
}

TEST_CASE_FIXTURE(DirectoryFixture,
                  "a second process is refused and told the pid of the first") {
  int ready[2];
  int leave[2];
  REQUIRE(::pipe(ready) == 0);
  REQUIRE(::pipe(leave) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(leave[1]);
    const auto held = DataDirectory::open(root);
    char byte = held ? 'y' : 'n';
    [[maybe_unused]] auto written = ::write(ready[1], &byte, 1);
    [[maybe_unused]] auto got = ::read(leave[0], &byte, 1);
    ::_exit(0);  // without unlocking, as a killed process
  }
  ::close(leave[0]);
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  REQUIRE(byte == 'y');
  const auto refused = DataDirectory::open(root);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("process " + std::to_string(child)) !=
        std::string::npos);
  ::close(leave[1]);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(DataDirectory::open(root).has_value());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE_FIXTURE(DirectoryFixture,
                  "a left-over lock file with any content means nothing") {
  std::ofstream(root + "/lock") << "4194304 or so";
  auto directory = DataDirectory::open(root);
  REQUIRE(directory.has_value());
  std::string pid;
  std::getline(std::ifstream(root + "/lock"), pid);
  CHECK(pid == std::to_string(::getpid()));
}

TEST_CASE_FIXTURE(DirectoryFixture, "what is no directory is refused") {
  std::ofstream(root + "/file") << "x";
  const auto directory = DataDirectory::open(root + "/file");
  REQUIRE_FALSE(directory.has_value());
  CHECK(directory.error().message.find(root + "/file") != std::string::npos);
  CHECK(DataDirectory::open("").error().code ==
        base::ErrorCode::kInvalidArgument);
}

TEST_CASE("a full disk and a missing right come with advice") {
  const auto error = [](int number) {
    errno = number;
    return system_error("write", "/var/lib/waypost/lock");
  };
  CHECK(error(ENOSPC).message ==
        "cannot write /var/lib/waypost/lock: No space left on device");
  CHECK(error(ENOSPC).advice.find("make room") != std::string::npos);
  CHECK(error(EACCES).advice.find("ls -ld") != std::string::npos);
  CHECK(error(EROFS).advice.find("mount") != std::string::npos);
  CHECK(error(EIO).advice.empty());
}

}  // namespace
}  // namespace waypost::store

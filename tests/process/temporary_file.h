#ifndef WAYPOST_TESTS_PROCESS_TEMPORARY_FILE_H_
#define WAYPOST_TESTS_PROCESS_TEMPORARY_FILE_H_

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <unistd.h>

namespace waypost::process {

// A file of its own name that goes away with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text = {}) {
    const char* directory = std::getenv("TMPDIR");
    path_ = std::string(directory == nullptr ? "/tmp" : directory) +
            "/waypost-test-XXXXXX";
    const int descriptor = ::mkstemp(path_.data());
    if (descriptor >= 0) ::close(descriptor);
    write(text);
  }
  ~TemporaryFile() { ::unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }
  void write(const std::string& text) const { std::ofstream(path_) << text; }
  std::string read() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::string path_;
};

}  // namespace waypost::process

#endif  // WAYPOST_TESTS_PROCESS_TEMPORARY_FILE_H_

#ifndef WAYPOST_TESTS_SUPPORT_TEMP_DIR_H_
#define WAYPOST_TESTS_SUPPORT_TEMP_DIR_H_

#include <filesystem>
#include <string>
#include <string_view>

namespace waypost::support {

// A directory of its own, removed with all in it at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// "" when there is no such file.
std::string read_file(const std::string& path);
// Writes beside it and renames, so that no reader sees half of it.
void write_file(const std::string& path, std::string_view text);

}  // namespace waypost::support

#endif  // WAYPOST_TESTS_SUPPORT_TEMP_DIR_H_

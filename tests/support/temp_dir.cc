#include "tests/support/temp_dir.h"

#include <fstream>
#include <sstream>
#include <system_error>

#include "base/assert.h"

namespace waypost::support {

TempDir::TempDir() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "waypost-test-XXXXXX").string();
  WAYPOST_ASSERT(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::string& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const std::string& path, std::string_view text) {
  const std::string beside = path + ".new";
  {
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    file << text;
    WAYPOST_ASSERT(file.good());
  }
  std::filesystem::rename(beside, path);
}

}  // namespace waypost::support

#ifndef WAYPOST_NAMESRV_STORE_FILE_H_
#define WAYPOST_NAMESRV_STORE_FILE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace waypost::store {

// An open file descriptor, closed at the end of its life. Move-only.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

// "cannot WHAT PATH: Permission denied", from errno, with what to do about a
// full disk or a missing right.
base::Error system_error(std::string_view what, const std::string& path);

// The whole file; nothing when there is none; kTooLarge, without reading it,
// above `max_bytes`.
base::Result<std::optional<std::string>> read_file(const std::string& path,
                                                   std::size_t max_bytes);

// Writes `path`.part, flushes it to the disk, renames it to `path` and flushes
// the directory: whenever the machine stops, `path` has the old or the new
// content.
base::Status replace_file(const std::string& path, std::string_view content);

}  // namespace waypost::store

#endif  // WAYPOST_NAMESRV_STORE_FILE_H_

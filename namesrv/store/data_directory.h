#ifndef WAYPOST_NAMESRV_STORE_DATA_DIRECTORY_H_
#define WAYPOST_NAMESRV_STORE_DATA_DIRECTORY_H_

#include <memory>
#include <string>

#include "base/error.h"
#include "namesrv/store/file.h"

namespace waypost::store {

// A nameserver's directory, held by this process alone for as long as the
// object lives. The hold is a lock of the kernel's on the file `lock` in it, so
// it ends with the process however that ends; a left-over file means nothing.
class DataDirectory {
 public:
  // Makes the directory, and those above it, where they are missing, and locks
  // it. kConflict when another process holds it, which the error names by its
  // pid; kInvalidArgument when the path is empty.
  static base::Result<std::unique_ptr<DataDirectory>> open(
      const std::string& path);

  const std::string& path() const { return path_; }

 private:
  DataDirectory(std::string path, FileDescriptor lock);

  const std::string path_;
  const FileDescriptor lock_;
};

}  // namespace waypost::store

#endif  // WAYPOST_NAMESRV_STORE_DATA_DIRECTORY_H_

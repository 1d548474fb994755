#include "namesrv/server/file_lease.h"

#include <utility>

#include <fcntl.h>
#include <sys/file.h>

namespace waypost::server {

FileLease::FileLease(base::Executor& executor, std::string path)
    : executor_(executor), path_(std::move(path)) {}

FileLease::~FileLease() { *alive_ = false; }

void FileLease::acquire(Done done) {
  if (!lock_) {
    store::FileDescriptor file(
        ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (file && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
      lock_ = std::move(file);
    }
  }
  answer(std::move(done), held());
}

void FileLease::release(Done done) {
  lock_ = store::FileDescriptor();
  answer(std::move(done), true);
}

void FileLease::answer(Done done, bool value) {
  executor_.post([alive = alive_, done = std::move(done), value] {
    if (*alive) done(value);
  });
}

}  // namespace waypost::server

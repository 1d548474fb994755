#include "namesrv/server/file_lease.h"

#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace waypost::server {

// What a file may hold that is a lease's.
constexpr std::size_t kOwnerBytesMax = 4096;

FileLease::FileLease(base::Executor& executor, std::string path,
                     std::string owner)
    : executor_(executor), path_(std::move(path)), owner_(std::move(owner)) {}

FileLease::~FileLease() { *alive_ = false; }

void FileLease::acquire(Done done) {
  if (!lock_) {
    store::FileDescriptor file(
        ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (file && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
      lock_ = std::move(file);
      write_owner();
    }
  }
  // One that has just got it may not have written yet, or never: then nobody is
  // known by what is read.
  holder_ = held() ? owner_
                   : store::read_file(path_, kOwnerBytesMax)
                         .value_or(std::nullopt)
                         .value_or("");
  answer(std::move(done), held());
}

// Only for others to read: the lock is the lease.
void FileLease::write_owner() {
  if (::ftruncate(lock_.get(), 0) != 0) return;
  [[maybe_unused]] const auto written =
      ::pwrite(lock_.get(), owner_.data(), owner_.size(), 0);
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

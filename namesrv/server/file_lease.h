#ifndef WAYPOST_NAMESRV_SERVER_FILE_LEASE_H_
#define WAYPOST_NAMESRV_SERVER_FILE_LEASE_H_

#include <memory>
#include <string>

#include "base/executor.h"
#include "namesrv/cluster/peer_calls.h"
#include "namesrv/store/file.h"

namespace waypost::server {

// A lease among the nameservers of one machine: the kernel's lock on a file. It
// ends with the process. Who has it is what the file holds.
class FileLease : public cluster::Lease {
 public:
  FileLease(base::Executor& executor, std::string path, std::string owner);
  ~FileLease() override;

  void acquire(Done done) override;
  void release(Done done) override;
  bool held() const override { return static_cast<bool>(lock_); }
  std::string holder() const override { return holder_; }

 private:
  void write_owner();
  void answer(Done done, bool value);

  base::Executor& executor_;
  const std::string path_;
  const std::string owner_;
  std::string holder_;
  store::FileDescriptor lock_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace waypost::server

#endif  // WAYPOST_NAMESRV_SERVER_FILE_LEASE_H_

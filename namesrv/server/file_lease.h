#ifndef WAYPOST_NAMESRV_SERVER_FILE_LEASE_H_
#define WAYPOST_NAMESRV_SERVER_FILE_LEASE_H_

#include <memory>
#include <string>

#include "base/executor.h"
#include "namesrv/cluster/peer_calls.h"
#include "namesrv/store/file.h"

namespace waypost::server {

// A lease among the nameservers of one machine: the kernel's lock on a file. It
// ends with the process.
class FileLease : public cluster::Lease {
 public:
  FileLease(base::Executor& executor, std::string path);
  ~FileLease() override;

  void acquire(Done done) override;
  void release(Done done) override;
  bool held() const override { return static_cast<bool>(lock_); }

 private:
  void answer(Done done, bool value);

  base::Executor& executor_;
  const std::string path_;
  store::FileDescriptor lock_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace waypost::server

#endif  // WAYPOST_NAMESRV_SERVER_FILE_LEASE_H_

#ifndef WAYPOST_NAMESRV_ETCD_ETCD_LEASE_H_
#define WAYPOST_NAMESRV_ETCD_ETCD_LEASE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/log.h"
#include "namesrv/cluster/peer_calls.h"
#include "namesrv/etcd/etcd_messages.h"
#include "namesrv/etcd/etcd_session.h"

namespace waypost::etcd {

// Times as in Akka's lease library (heartbeat-timeout, heartbeat-interval,
// lease-operation-timeout): see docs/decisions/0017-lease-in-etcd.md.
struct EtcdLeaseSettings {
  EtcdServers servers;
  EtcdUser user;
  std::string key;
  // Of this process and no other; who has the lease is read from it.
  std::string owner;
  base::Duration ttl = std::chrono::seconds(120);  // whole seconds
  base::Duration keepalive_interval = std::chrono::seconds(12);
  base::Duration operation_timeout = std::chrono::seconds(5);
};

// A lease in etcd: a key that exists while somebody has it, bound to an etcd
// lease that this object keeps alive. On the thread of what acts on it, so that
// a nameserver that hangs loses it in time.
//
// - It is ours until `ttl` after we *asked* for the last confirmed keepalive,
//   by CLOCK_BOOTTIME: earlier than etcd gives it to another.
// - Whatever is not a clear yes within `operation_timeout` is a no. What may
//   have reached etcd all the same is taken back: at once, with each keepalive
//   interval, and before anything is asked for again.
// - The end of this object gives nothing back: the lease lapses, as that of a
//   process that died.
class EtcdLease : public cluster::Lease {
 public:
  EtcdLease(base::Executor& executor, transport::Network& network,
            std::function<base::Duration()> boot_time,
            EtcdLeaseSettings settings, base::Logger logger);

  void acquire(Done done) override;
  // True once etcd has confirmed it; held() is false from the call on.
  void release(Done done) override;
  bool held() const override { return id_ != 0 && boot_time_() < ours_until_; }
  std::string holder() const override { return holder_; }

  // From now on tries each ten minutes, and each minute while that fails,
  // whether etcd would do what is asked of it in need: a wrong password is
  // found before a cut and not in it.
  void watch_access();
  std::string trouble() const override { return trouble_; }

 private:
  struct Wish {
    bool acquire = false;
    Done done;
    base::Instant due;
  };
  // Leases at etcd that we gave up and that may still be there.
  struct GivenUp {
    std::int64_t id = 0;
    base::Duration until{};  // boot time at which it has lapsed in any case
  };

  void want(bool acquire, Done done);
  void next();
  void answer(bool value);
  void give_up(std::int64_t id);

  void grant();
  void create(const LeaseGrant& granted, base::Duration asked_at);
  // Calls `then` with whether all that was given up is gone.
  void revoke_given_up(base::Duration within, std::function<void(bool)> then);

  void arm();
  void on_interval();
  void keep_alive();
  void lost(const std::string& why);
  base::Duration time_left() const;
  void try_access();

  base::Executor& executor_;
  const std::function<base::Duration()> boot_time_;
  const EtcdLeaseSettings settings_;
  const base::Logger logger_;
  EtcdSession session_;

  std::int64_t id_ = 0;
  base::Duration ours_until_{};  // boot time
  std::string holder_;           // when it was refused last
  std::vector<GivenUp> given_up_;
  std::deque<Wish> wishes_;  // the first is being worked on
  bool working_ = false;
  std::unique_ptr<transport::Operation> call_;  // for a wish or in between
  std::unique_ptr<base::Timer> timer_;
  std::unique_ptr<base::Timer> next_;

  std::string trouble_;
  std::unique_ptr<transport::Operation> trial_;
  std::unique_ptr<base::Timer> next_trial_;
};

}  // namespace waypost::etcd

#endif  // WAYPOST_NAMESRV_ETCD_ETCD_LEASE_H_

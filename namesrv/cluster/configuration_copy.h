#ifndef WAYPOST_NAMESRV_CLUSTER_CONFIGURATION_COPY_H_
#define WAYPOST_NAMESRV_CLUSTER_CONFIGURATION_COPY_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "namesrv/cluster/peer_calls.h"
#include "wire/model/administration.h"

namespace waypost::cluster {

// Takes a peer's configuration over, page after page: first the key-value
// entries, then the permission overrides. The callback comes once, never inside
// the constructor, with all of it or with why there is none; destroying the
// copy, also in the callback, drops it. Keeper's thread.
//
// A page that fails is asked for again: a connection may break under it. What
// changes at the peer meanwhile is in it or not; tools put it to everybody.
class ConfigurationCopy {
 public:
  using Done = std::function<void(base::Result<PeerConfiguration>)>;

  struct Limits {
    // A little above what a nameserver keeps (store::HardStateLimits), which
    // has the last word.
    std::size_t entries_max = 40'000;
    std::size_t bytes_max = 48UL * 1024 * 1024;
    int tries = 3;  // of each page
    base::Duration retry_after = std::chrono::seconds(1);
  };

  ConfigurationCopy(base::Executor& executor, PeerCalls& calls,
                    model::PeerName from, Limits limits, Done done);
  ~ConfigurationCopy() { *alive_ = false; }
  ConfigurationCopy(const ConfigurationCopy&) = delete;
  ConfigurationCopy& operator=(const ConfigurationCopy&) = delete;

 private:
  void ask();
  void ask_kv();
  void ask_overrides();
  template <typename Page>
  void on_page(base::Result<Page> page);
  base::Status take(model::KvPage page);
  base::Status take(model::OverridePage page);
  base::Status count(std::size_t entries, std::size_t bytes);
  void finish(base::Result<PeerConfiguration> result);

  base::Executor& executor_;
  PeerCalls& calls_;
  const model::PeerName from_;
  const Limits limits_;
  Done done_;
  PeerConfiguration taken_;
  bool kv_done_ = false;
  std::string after_;  // page token
  std::size_t entries_ = 0;
  std::size_t bytes_ = 0;
  int tries_ = 0;
  std::unique_ptr<base::Timer> timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace waypost::cluster

#endif  // WAYPOST_NAMESRV_CLUSTER_CONFIGURATION_COPY_H_

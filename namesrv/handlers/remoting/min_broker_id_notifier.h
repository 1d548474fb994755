#ifndef WAYPOST_NAMESRV_HANDLERS_REMOTING_MIN_BROKER_ID_NOTIFIER_H_
#define WAYPOST_NAMESRV_HANDLERS_REMOTING_MIN_BROKER_ID_NOTIFIER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/executor.h"
#include "base/log.h"
#include "namesrv/registry/remoting_events.h"
#include "wire/transport/network.h"

namespace waypost::handlers {

// Tells brokers of RocketMQ 5 that the smallest id of their group is another
// (905, one-way), so that a slave begins or ceases to act as master. As the
// Java server does, over a connection to the address that the broker has
// registered: on the one that the broker has opened it takes no requests.
//
// Nothing is repeated: a broker that is not reached learns it from its own
// polling. One loop's thread.
class MinBrokerIdNotifier {
 public:
  // Notices under way; more are dropped with a line in the log.
  static constexpr std::size_t kUnderWayMax = 1'000;

  MinBrokerIdNotifier(base::Executor& executor, transport::Network& network,
                      base::Logger logger);
  ~MinBrokerIdNotifier();
  MinBrokerIdNotifier(const MinBrokerIdNotifier&) = delete;
  MinBrokerIdNotifier& operator=(const MinBrokerIdNotifier&) = delete;

  void notify(const registry::MinBrokerIdChange& change);

  std::size_t under_way() const { return notices_.size(); }

 private:
  class Notice;

  void send(const std::string& address, const std::string& frame);
  // From the loop, since a notice cannot destroy itself in its own event.
  void forget_later(std::uint64_t number);

  base::Executor& executor_;
  transport::Network& network_;
  const base::Logger logger_;
  std::uint64_t next_number_ = 1;
  std::unordered_map<std::uint64_t, std::unique_ptr<Notice>> notices_;
  // Lets tasks that outlive this find out.
  std::shared_ptr<MinBrokerIdNotifier*> self_;
};

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_REMOTING_MIN_BROKER_ID_NOTIFIER_H_

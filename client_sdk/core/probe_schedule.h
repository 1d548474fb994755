#ifndef WAYPOST_CLIENT_SDK_CORE_PROBE_SCHEDULE_H_
#define WAYPOST_CLIENT_SDK_CORE_PROBE_SCHEDULE_H_

#include <cstddef>
#include <map>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "waypost/probe.hpp"

namespace waypost::client {

// Which avoided broker is probed when: not before a success would count, then
// at intervals that grow, with jitter, a few at a time, who is due longest
// first. A value; brokers are names to it and are not looked into.
class ProbeSchedule {
 public:
  ProbeSchedule(const BrokerProbing& settings, base::Random random)
      : interval_(settings.interval),
        interval_max_(settings.interval_max),
        slots_(static_cast<std::size_t>(settings.concurrency)),
        random_(random) {}

  // The broker is avoided, or for another time; a success counts from `from`
  // on. One that failed again meanwhile keeps its growing interval.
  void avoid(const Broker* broker, base::Instant from, base::Instant now);
  // It is not any more. What is under way frees its slot.
  void forget(const Broker* broker);

  // Whom to probe at `now`; they are under way until finished() or forget().
  std::vector<const Broker*> start(base::Instant now);
  // Its probe is over, and it is still avoided.
  void finished(const Broker* broker, base::Instant now);

  // When start() has somebody next; Instant::max(): not by time alone.
  base::Instant next_due() const;

  std::size_t size() const { return entries_.size(); }
  std::size_t under_way() const { return under_way_; }

 private:
  struct Entry {
    base::Instant from{};
    base::Instant due{};
    base::Duration interval{0};  // before the next one
    bool under_way = false;
    std::uint64_t order = 0;  // of being added; breaks ties
  };

  const base::Duration interval_;
  const base::Duration interval_max_;
  const std::size_t slots_;
  base::Random random_;
  std::map<const Broker*, Entry> entries_;
  std::uint64_t added_ = 0;
  std::size_t under_way_ = 0;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_PROBE_SCHEDULE_H_

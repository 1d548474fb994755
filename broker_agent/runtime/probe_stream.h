#ifndef WAYPOST_BROKER_AGENT_RUNTIME_PROBE_STREAM_H_
#define WAYPOST_BROKER_AGENT_RUNTIME_PROBE_STREAM_H_

#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/executor.h"
#include "wire/transport/network.h"

namespace waypost::agent {

// One connection of a prober at a time, which may be dropped at any moment,
// also inside its own events; but it is not destroyed inside them. Loop thread
// only.
class ProbeStream {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_stream_open() = 0;
    // Returns how many bytes were used; the rest comes again.
    virtual std::size_t on_stream_bytes(std::string_view bytes) = 0;
    // Not connected, or connected no longer; not after drop().
    virtual void on_stream_ended(const base::Error& error) = 0;
  };

  // `owner` outlives the stream.
  ProbeStream(base::Executor& executor, transport::Network& network,
              Owner& owner);
  ~ProbeStream();
  ProbeStream(const ProbeStream&) = delete;
  ProbeStream& operator=(const ProbeStream&) = delete;

  // Drops what there was and connects within `deadline`.
  void open(const base::Endpoint& endpoint, base::Duration deadline);
  void write(std::string_view bytes);
  // Closes; no event follows.
  void drop();

 private:
  class Link;

  base::Executor& executor_;
  transport::Network& network_;
  Owner& owner_;
  std::unique_ptr<transport::Operation> connecting_;
  // Until the next one: it is not destroyed inside its own callback.
  std::unique_ptr<transport::Operation> connected_;
  std::shared_ptr<Link> link_;
};

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_RUNTIME_PROBE_STREAM_H_

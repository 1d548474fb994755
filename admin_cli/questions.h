#ifndef WAYPOST_ADMIN_CLI_QUESTIONS_H_
#define WAYPOST_ADMIN_CLI_QUESTIONS_H_

// What waypostctl asks one nameserver. Each function connects, asks, follows
// pages to the end and calls `on_answer` once, from the loop, with the answer
// or the error; never inside the call. Destroying the Question cancels it; not
// within its own callback.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/executor.h"
#include "wire/model/operations.h"
#include "wire/transport/network.h"

namespace waypost::admin {

class Question {
 public:
  virtual ~Question() = default;
};

// Where questions are asked, and how long each request of one may take
// (connecting included; every page of a listing is a request).
struct AskContext {
  base::Executor& executor;
  transport::Network& network;
  base::Duration timeout{0};
};

template <typename T>
using OnAnswer = std::function<void(base::Result<T>)>;

// What a nameserver told on a connection and how fast.
struct PingAnswer {
  std::string server_name;
  std::string server_version;
  model::Incarnation incarnation;
  model::ServerState state = model::ServerState::kServing;
  std::string state_reason;
  base::Duration connected_after{0};  // TCP, preface and hello
  base::Duration round_trip{0};       // of a ping after that
};

// A listing with more entries than any nameserver holds is refused, so that a
// confused peer cannot page for ever.
inline constexpr std::size_t kListingMaxEntries = 10'000'000;

[[nodiscard]] std::unique_ptr<Question> ask_brokers(
    const AskContext& context, const base::Endpoint& nameserver,
    const std::string& prefix,
    OnAnswer<std::vector<model::BrokerListing>> on_answer);

[[nodiscard]] std::unique_ptr<Question> ask_topics(
    const AskContext& context, const base::Endpoint& nameserver,
    const std::string& prefix,
    OnAnswer<std::vector<model::TopicListing>> on_answer);

// kNotFound when no broker serves the topic.
[[nodiscard]] std::unique_ptr<Question> ask_route(
    const AskContext& context, const base::Endpoint& nameserver,
    const model::TopicName& topic, OnAnswer<model::VersionedRoute> on_answer);

[[nodiscard]] std::unique_ptr<Question> ask_ping(
    const AskContext& context, const base::Endpoint& nameserver,
    OnAnswer<PingAnswer> on_answer);

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_QUESTIONS_H_

#ifndef WAYPOST_CLIENT_SDK_MOCK_MOCK_SCRIPT_H_
#define WAYPOST_CLIENT_SDK_MOCK_MOCK_SCRIPT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "waypost/testing/mock_nameserver.hpp"
#include "wire/codec/frame.h"
#include "wire/model/operations.h"

namespace waypost::testing {

// What a mock nameserver knows and says: requests in, bytes out. No sockets, no
// time; the rest is mock_server.h's.
class MockScript {
 public:
  explicit MockScript(std::string name) : name_(std::move(name)) {}

  // One client's connection as far as answers depend on it.
  struct Client {
    std::string name;               // as it said hello
    std::set<std::string> watched;  // topics
  };
  struct Reply {
    std::string bytes;
    // Sent again and again behind them.
    std::string for_ever;
    bool close = false;  // after them
  };
  Reply answer(const codec::FrameView& request, Client& client);

  // What is told to a client that watches the topic; empty where it does not.
  std::string push(const std::string& topic, const Client& client);
  std::string drain_notice() const;

  void set_route(const std::string& topic,
                 const std::vector<MockBroker>& brokers);
  void remove_route(const std::string& topic) { routes_.erase(topic); }
  // The topics that it served.
  std::vector<std::string> leave(const std::string& broker, std::int64_t id,
                                 ChangeReason reason,
                                 const std::string& detail);
  // Why who left last did so, to a client that watches any of the topics.
  std::string notice(const std::vector<std::string>& topics,
                     const Client& client) const;

  MockAnswers answers = MockAnswers::kRight;
  std::optional<std::string> draining;  // why
  std::uint64_t incarnation = 1;
  MockCounts counts;
  std::map<std::string, std::uint64_t, std::less<>> asked;

 private:
  std::string hello(const codec::FrameView& request, Client& client);
  Reply query(const codec::FrameView& request, Client& client);
  std::string right_answer(const codec::FrameHeader& header,
                           const model::RouteQueryRequest& query);
  std::string wrong_routes(const codec::FrameHeader& header,
                           const model::RouteQueryRequest& query);
  model::RouteQueryEnd end() const;

  const std::string name_;
  std::map<std::string, model::VersionedRoute, std::less<>> routes_;
  std::vector<model::Departure> departures_;  // the last few
};

}  // namespace waypost::testing

#endif  // WAYPOST_CLIENT_SDK_MOCK_MOCK_SCRIPT_H_

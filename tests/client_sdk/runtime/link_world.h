#ifndef WAYPOST_TESTS_CLIENT_SDK_RUNTIME_LINK_WORLD_H_
#define WAYPOST_TESTS_CLIENT_SDK_RUNTIME_LINK_WORLD_H_

// A link by itself, between scripted nameservers, on the simulated network.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "client_sdk/runtime/nameserver_link.h"
#include "tests/client_sdk/runtime/fake_nameserver.h"
#include "tests/support/sim/sim_world.h"
#include "wire/codec/native.h"

namespace waypost::client {

// Nameservers "ns-a", "ns-b", ... at 10.0.0.1, 10.0.0.2, ...
class LinkWorld final : public NameserverLinkObserver {
 public:
  explicit LinkWorld(std::size_t count, std::uint64_t seed = 1)
      : world({.seed = seed}) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string name = std::string("ns-") + static_cast<char>('a' + i);
      world.add_node(name, address(i).host);
      start_server(i);
      options.nameservers.push_back({address(i), name});
    }
    world.add_node("app", "10.0.0.99");
    options.start = "ns-a";
    options.rpc_timeout = std::chrono::seconds(1);
    options.hello.name = "app";
  }

  static base::Endpoint address(std::size_t i) {
    return {"10.0.0." + std::to_string(i + 1), 9876};
  }
  sim::SimNode& node(std::size_t i) {
    return world.node(std::string("ns-") + static_cast<char>('a' + i));
  }
  void start_server(std::size_t i) {
    if (servers.size() <= i) servers.resize(i + 1);
    servers[i] = std::make_unique<FakeNameserver>(
        node(i).executor(), node(i).network(), node(i).name(), address(i));
    servers[i]->set_route("orders", {"broker-a"});
  }
  void kill_server(std::size_t i) {
    node(i).kill();
    servers[i].reset();
  }

  NameserverLink& link() {
    if (!link_) {
      auto& app = world.node("app");
      link_ = std::make_unique<NameserverLink>(app.executor(), app.network(),
                                               options, base::Random(7), this,
                                               base::Logger());
    }
    return *link_;
  }

  // One question about "orders", as it went.
  class Question final : public AnswerSink {
   public:
    Question(LinkWorld& it, base::Duration budget) : it_(it) {
      model::RouteQueryRequest request;
      request.topics.push_back({model::TopicName("orders"), {}});
      started_ = it.world.now();
      id = it.link().call(codec::FrameKind::kQueryRoutes,
                          codec::encode(request), budget, *this);
    }
    bool done() const { return result.has_value(); }
    bool ok() const { return result && result->has_value(); }

    NameserverLink::CallId id = 0;
    std::optional<base::Result<std::string>> result;
    base::Duration took{0};
    std::vector<std::string> told_by;  // each on_attempt
    std::size_t parts = 0;             // since the last of them
    base::Status refusal;              // of every last part

   private:
    void on_attempt(const std::string& nameserver) override {
      told_by.push_back(nameserver);
      parts = 0;
    }
    base::Status on_part(const rpc::AnswerPart& part) override {
      REQUIRE_FALSE(told_by.empty());
      ++parts;
      if (part.last) return refusal;
      return {};
    }
    void on_done(const base::Result<std::string>& nameserver) override {
      REQUIRE_FALSE(result.has_value());
      result = nameserver;
      took = it_.world.now() - started_;
    }
    LinkWorld& it_;
    base::Instant started_;
  };
  std::unique_ptr<Question> ask(
      base::Duration budget = std::chrono::seconds(1)) {
    return std::make_unique<Question>(*this, budget);
  }
  std::unique_ptr<Question> answered(
      base::Duration budget = std::chrono::seconds(1)) {
    auto question = ask(budget);
    REQUIRE(world.run_until([&] { return question->done(); },
                            std::chrono::minutes(1)));
    return question;
  }

  std::size_t queries() const {
    std::size_t sum = 0;
    for (const auto& each : servers) sum += each ? each->queries.size() : 0;
    return sum;
  }

  void on_nameserver_connected(const std::string& nameserver,
                               const model::HelloReply&) override {
    connected.push_back(nameserver);
  }
  void on_nameserver_switched(const std::string& from, const std::string& to,
                              const std::string& why) override {
    switched.push_back(from + " -> " + to + ": " + why);
  }

  sim::SimWorld world;
  NameserverLinkOptions options;
  std::vector<std::unique_ptr<FakeNameserver>> servers;
  std::vector<std::string> connected;
  std::vector<std::string> switched;

 private:
  std::unique_ptr<NameserverLink> link_;
};

}  // namespace waypost::client

#endif  // WAYPOST_TESTS_CLIENT_SDK_RUNTIME_LINK_WORLD_H_

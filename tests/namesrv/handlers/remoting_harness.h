#ifndef WAYPOST_TESTS_NAMESRV_HANDLERS_REMOTING_HARNESS_H_
#define WAYPOST_TESTS_NAMESRV_HANDLERS_REMOTING_HARNESS_H_

// A nameserver's service and one I/O loop's remoting handlers on a simulated
// machine, without sockets: frames are put in, answers taken out. The decode
// thread is a queue that the test empties.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "namesrv/handlers/remoting/remoting_context.h"
#include "namesrv/handlers/remoting/remoting_peer.h"
#include "namesrv/service/name_service.h"
#include "tests/support/remoting_requests.h"
#include "tests/support/sim/sim_world.h"

namespace waypost::handlers {

// The wire's side of a connection.
class FakeSession : public rpc::RemotingSession {
 public:
  explicit FakeSession(std::uint64_t id) : id_(id) {}

  void write(std::string_view frames) override { written += frames; }
  void refuse(std::string_view why, std::string_view) override {
    refused = why;
  }
  void close() override { closed = true; }
  void expect(bool is_alone) override {
    ++expected;
    alone |= is_alone;
  }
  void settle() override {
    CHECK(expected > 0);
    if (--expected == 0) alone = false;
  }
  const base::Endpoint& peer() const override { return peer_; }
  std::uint64_t id() const override { return id_; }

  std::string written;
  std::string refused;
  bool closed = false;
  int expected = 0;
  bool alone = false;

 private:
  const std::uint64_t id_;
  const base::Endpoint peer_{"10.0.0.9", 1234};
};

class RemotingHarness {
 public:
  struct Options {
    service::NameServiceSettings service{};
    RemotingSettings remoting{};
    std::vector<lifecycle::RosterEntry> roster{};
    bool decode_thread = false;
    std::size_t decode_budget = 64UL * 1024 * 1024;
  };

  RemotingHarness() : RemotingHarness(Options{}) {}
  explicit RemotingHarness(Options options)
      : decode_budget(options.decode_budget) {
    options.service.incarnation = model::Incarnation(77);
    service::NameServiceShell service_shell;
    service_shell.executor = &node_.executor(0);
    service_shell.boot_time = [this] { return world.now().time_since_epoch(); };
    service = std::make_unique<service::NameService>(
        options.service, std::move(service_shell), table_, options.roster);
    RemotingContext::Shell shell;
    shell.loop = &node_.executor(1);
    shell.find_session = [this](std::uint64_t id) -> rpc::RemotingSession* {
      const auto found = sessions_.find(id);
      return found == sessions_.end() ? nullptr : found->second.session.get();
    };
    if (options.decode_thread) {
      shell.run_on_decode_thread = [this](std::function<void()> task) {
        decodes.push_back(std::move(task));
      };
    }
    shell.decode_budget = &decode_budget;
    shell.route_cache = &cache;
    context = std::make_unique<RemotingContext>(
        options.remoting, std::move(shell), *service, table_);
    node_.executor(1).set_turn_hook([this] { table_.quiesce(0); });
    node_.executor(0).post([this] { service->start(); });
    world.run_for(std::chrono::milliseconds(1));
  }
  ~RemotingHarness() {
    table_.quiesce(0);
    sessions_.clear();
    service.reset();
  }

  // A new connection.
  std::uint64_t connect() {
    const std::uint64_t id = ++last_id_;
    auto session = std::make_unique<FakeSession>(id);
    auto peer = std::make_unique<RemotingPeer>(*context, *session);
    sessions_[id] = {std::move(session), std::move(peer)};
    return id;
  }
  FakeSession& session(std::uint64_t id) { return *sessions_.at(id).session; }
  RemotingPeer& peer(std::uint64_t id) { return *sessions_.at(id).peer; }

  // Hands the frame to the connection's handler, in the loop's thread.
  void say(std::uint64_t id, const std::string& frame) {
    bool said = false;
    node_.executor(1).post([&] {
      hand_out(id, frame);
      said = true;
    });
    REQUIRE(world.run_until([&] { return said; }, std::chrono::seconds(1)));
  }
  // The same in the caller's thread: what the loop's thread does is done here.
  void hand_out(std::uint64_t id, std::string_view frame) {
    const auto scan = remoting::scan_frame(std::as_bytes(std::span(frame)),
                                           64UL * 1024 * 1024);
    REQUIRE(scan.outcome == remoting::FrameScan::Outcome::kFrame);
    peer(id).on_frame(scan.frame);
    table_.quiesce(0);
  }
  void settle() { world.run_for(std::chrono::milliseconds(5)); }

  // The answer to the frame; none when there is none.
  std::optional<support::RemotingAnswer> ask(std::uint64_t id,
                                             const std::string& frame) {
    session(id).written.clear();
    say(id, frame);
    settle();
    while (!decodes.empty()) run_decode();
    CHECK(session(id).expected == 0);
    auto answer = support::take_answer(session(id).written);
    CHECK(session(id).written.empty());
    return answer;
  }
  std::optional<support::RemotingAnswer> ask(const std::string& frame) {
    return ask(connect(), frame);
  }

  // One task of the decode thread.
  void run_decode() {
    REQUIRE_FALSE(decodes.empty());
    auto task = std::move(decodes.front());
    decodes.pop_front();
    task();
    ++decodes_run;
    settle();
  }

  void disconnect(std::uint64_t id, transport::CloseReason reason =
                                        transport::CloseReason::kPeerClosed) {
    node_.executor(1).post([this, id, reason] {
      sessions_.at(id).peer->on_closed(reason);
      sessions_.erase(id);
    });
    settle();
  }

  sim::SimWorld world{{.seed = 1}};
  base::ByteBudget decode_budget;
  RouteCache cache{1 << 20};
  std::deque<std::function<void()>> decodes;
  int decodes_run = 0;
  std::unique_ptr<service::NameService> service;
  std::unique_ptr<RemotingContext> context;

 private:
  struct Connection {
    std::unique_ptr<FakeSession> session;
    std::unique_ptr<RemotingPeer> peer;
  };
  sim::SimNode& node_ = world.add_node("ns", "10.0.0.1");
  service::PublishedTable table_{1};
  std::map<std::uint64_t, Connection> sessions_;
  std::uint64_t last_id_ = 0;
};

}  // namespace waypost::handlers

#endif  // WAYPOST_TESTS_NAMESRV_HANDLERS_REMOTING_HARNESS_H_

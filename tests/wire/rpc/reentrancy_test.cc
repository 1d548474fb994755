// Whatever a callback does with its channel, the channel survives it, or does
// not, as asked. Run under the address sanitizer to mean something.

#include <doctest/doctest.h>

#include "tests/wire/rpc/rpc_world.h"

namespace waypost::rpc {
namespace {

enum class Event {
  kAnswer,
  kPart,
  kErrorAnswer,
  kDeadline,
  kFailure,
  kConnected,
  kDisconnected,
  kPush,
};
enum class Action { kDestroy, kClose, kCancelAll, kCall, kReconnect };

constexpr Event kEvents[] = {
    Event::kAnswer,  Event::kPart,      Event::kErrorAnswer,  Event::kDeadline,
    Event::kFailure, Event::kConnected, Event::kDisconnected, Event::kPush};
constexpr Action kActions[] = {Action::kDestroy, Action::kClose,
                               Action::kCancelAll, Action::kCall,
                               Action::kReconnect};

class Scenario {
 public:
  Scenario(Event event, Action action) : event_(event), action_(action) {
    world_.log.answer = [this](ServerSession& session, const Request& request) {
      answer(session, request);
    };
    world_.serve();
  }

  void run() {
    world_.open_channel();
    switch (event_) {
      case Event::kConnected:
        world_.observer.then_connected = [this] { act(); };
        break;
      case Event::kDisconnected:
        world_.observer.then_disconnected = [this] { act(); };
        break;
      case Event::kPush:
        world_.observer.then_pushed = [this] { act(); };
        break;
      default:
        first_.then = [this] { act(); };
    }
    ids_.push_back(world_.channel->call(FrameKind::kQueryRoutes, {}, 200ms,
                                        first_.callback()));
    // Two that are still pending when the first one acts.
    for (Outcome& other : others_) {
      ids_.push_back(world_.channel->call(FrameKind::kHeartbeat, {}, 3s,
                                          other.callback()));
    }
    world_.world.run_for(100ms);
    if (event_ == Event::kFailure || event_ == Event::kDisconnected) {
      world_.acceptor->close_all();
    }
    world_.world.run_for(10s);
    check();
  }

 private:
  void answer(ServerSession& session, const Request& request) {
    if (request.kind == FrameKind::kPing) {
      return session.reply(request.kind, 0, request.id, {});
    }
    if (request.kind != FrameKind::kQueryRoutes) return;
    switch (event_) {
      case Event::kAnswer:
        return session.reply(request.kind, 0, request.id, {});
      case Event::kPart:
        session.reply(FrameKind::kRoute, codec::kFlagMore, request.id, {});
        return session.reply(request.kind, 0, request.id, {});
      case Event::kErrorAnswer:
        return session.reply_error(request.id, {});
      case Event::kPush:
        return session.push(FrameKind::kDrainNotice, {});
      default:
        return;
    }
  }

  void act() {
    if (std::exchange(acted_, true)) return;
    switch (action_) {
      case Action::kDestroy:
        world_.channel.reset();
        return;
      case Action::kClose:
        return world_.channel->close("from a callback");
      case Action::kCancelAll:
        for (const CallId id : ids_) world_.channel->cancel(id);
        return;
      case Action::kCall:
        world_.channel->call(FrameKind::kPing, {}, 1s, extra_.callback());
        return;
      case Action::kReconnect:
        world_.channel->close("from a callback");
        world_.channel->call(FrameKind::kPing, {}, 1s, extra_.callback());
        return;
    }
  }

  void check() {
    CHECK(acted_);
    for (const Outcome& other : others_) {
      const bool gone =
          action_ == Action::kDestroy || action_ == Action::kCancelAll;
      // A failure or a disconnection had come to them before or comes after.
      if (event_ == Event::kDisconnected) {
        CHECK(other.done);
      } else {
        CHECK(other.done == !gone);
      }
    }
    if (action_ == Action::kCall || action_ == Action::kReconnect) {
      CHECK(extra_.done);
      CHECK_FALSE(extra_.error);
    }
    if (action_ != Action::kDestroy) {
      CHECK(world_.channel->pending_calls() == 0);
    }
  }

  const Event event_;
  const Action action_;
  Outcome first_;
  std::array<Outcome, 2> others_;
  Outcome extra_;
  std::vector<CallId> ids_;
  bool acted_ = false;
  RpcWorld world_;
};

TEST_CASE("a callback may do anything with its channel") {
  for (const Event event : kEvents) {
    for (const Action action : kActions) {
      CAPTURE(static_cast<int>(event));
      CAPTURE(static_cast<int>(action));
      Scenario(event, action).run();
    }
  }
}

TEST_CASE("a channel may be destroyed at any moment of its life") {
  // At every one of the first hundred events of connecting and calling.
  for (std::uint64_t stop = 0; stop < 100; ++stop) {
    RpcWorld world;
    world.serve();
    world.open_channel();
    Outcome outcome;
    world.channel->call(FrameKind::kPing, {}, 1s, outcome.callback());
    world.world.run_until([&] { return world.world.event_count() >= stop; },
                          2s);
    const int calls = outcome.calls;
    world.channel.reset();
    world.world.run_for(5s);
    CHECK(outcome.calls == calls);
  }
}

}  // namespace
}  // namespace waypost::rpc

// A channel against an honest server: calls, answers, deadlines, ends.

#include <doctest/doctest.h>

#include "tests/wire/rpc/rpc_world.h"

namespace waypost::rpc {
namespace {

TEST_CASE("a channel connects, says hello and tells the reply") {
  RpcWorld world;
  world.serve();
  world.open_channel();
  CHECK(world.channel->state() == Channel::State::kClosed);
  world.channel->connect();
  CHECK(world.channel->state() == Channel::State::kConnecting);
  REQUIRE(world.world.run_until(
      [&] { return !world.observer.connected.empty(); }, 1s));
  CHECK(world.channel->state() == Channel::State::kReady);
  CHECK(world.observer.connected[0].server_name == "ns");
  CHECK(world.observer.connected[0].incarnation == model::Incarnation(7));
}

TEST_CASE("a call connects by itself, and waits for hello's reply") {
  RpcWorld world;
  world.serve();
  world.open_channel();
  Outcome first;
  Outcome second;
  world.channel->call(FrameKind::kPing, "one.....", 1s, first.callback());
  world.channel->call(FrameKind::kRegister, "two.....", 1s, second.callback());
  CHECK(world.channel->pending_calls() == 2);
  REQUIRE(world.world.run_until([&] { return second.done; }, 1s));
  CHECK(first.parts == std::vector<std::string>{"one....."});
  CHECK(second.parts == std::vector<std::string>{"two....."});
  CHECK(world.channel->pending_calls() == 0);
  CHECK(world.log.requests[0].kind == FrameKind::kPing);
}

TEST_CASE("answers may come in any order") {
  RpcWorld world;
  std::vector<Request> held;
  world.log.answer = [&](ServerSession& session, const Request& request) {
    held.push_back(request);
    if (held.size() < 3) return;
    for (const int i : {1, 2, 0}) {
      const Request& each = held[static_cast<std::size_t>(i)];
      session.reply(each.kind, 0, each.id, each.payload);
    }
  };
  world.serve();
  world.open_channel();
  std::vector<Outcome> outcomes(3);
  std::string order;
  for (const char name : {'a', 'b', 'c'}) {
    Outcome& outcome = outcomes[static_cast<std::size_t>(name - 'a')];
    outcome.then = [&order, name] { order += name; };
    world.channel->call(FrameKind::kPing, std::string(8, name), 1s,
                        outcome.callback());
  }
  world.world.run_for(100ms);
  CHECK(order == "bca");
  CHECK(outcomes[2].parts == std::vector<std::string>{"cccccccc"});
}

TEST_CASE("an answer of several frames arrives part by part") {
  RpcWorld world;
  world.log.answer = [](ServerSession& session, const Request& request) {
    session.reply(FrameKind::kRoute, codec::kFlagMore, request.id, "1.......");
    session.reply(FrameKind::kRoute, codec::kFlagMore, request.id, "2.......");
    session.reply(FrameKind::kQueryRoutes, 0, request.id, "end.....");
  };
  world.serve();
  world.open_channel();
  Outcome outcome;
  world.channel->call(FrameKind::kQueryRoutes, {}, 1s, outcome.callback());
  world.world.run_for(100ms);
  CHECK(outcome.done);
  CHECK(outcome.parts ==
        std::vector<std::string>{"1.......", "2.......", "end....."});
}

TEST_CASE("an error frame is the call's error; the connection stays") {
  RpcWorld world;
  world.log.answer = [](ServerSession& session, const Request& request) {
    session.reply_error(request.id,
                        {base::ErrorCode::kNotReady, "starting", "wait"});
  };
  world.serve();
  REQUIRE(world.connect());
  Outcome outcome;
  world.channel->call(FrameKind::kPing, {}, 1s, outcome.callback());
  world.world.run_for(100ms);
  CHECK(outcome.error ==
        base::Error{base::ErrorCode::kNotReady, "starting", "wait"});
  CHECK(world.channel->state() == Channel::State::kReady);
}

TEST_CASE("a call fails at its deadline, and a late answer is dropped") {
  RpcWorld world;
  ServerSession* session = nullptr;
  world.log.answer = [&](ServerSession& from, const Request&) {
    session = &from;
  };
  world.serve();
  REQUIRE(world.connect());
  Outcome outcome;
  const base::Instant start = world.world.now();
  world.channel->call(FrameKind::kPing, {}, 500ms, outcome.callback());
  REQUIRE(world.world.run_until([&] { return outcome.done; }, 1s));
  CHECK(world.world.now() == start + 500ms);
  CHECK(outcome.error->code == base::ErrorCode::kTimedOut);
  CHECK(outcome.error->message ==
        "10.0.0.1:9876: no answer to ping within 500 ms");
  CHECK(world.channel->pending_calls() == 0);

  session->reply(FrameKind::kPing, 0, world.log.requests[0].id, {});
  world.world.run_for(100ms);
  CHECK(outcome.calls == 1);
  CHECK(world.channel->state() == Channel::State::kReady);
}

TEST_CASE("each call keeps its own deadline, whatever the order of calling") {
  RpcWorld world;
  world.log.answer = [](ServerSession&, const Request&) {};
  world.serve();
  REQUIRE(world.connect());
  std::string order;
  std::vector<Outcome> outcomes(3);
  const std::vector<base::Duration> deadlines{300ms, 100ms, 200ms};
  for (std::size_t i = 0; i < 3; ++i) {
    outcomes[i].then = [&order, i] { order += std::to_string(i); };
    world.channel->call(FrameKind::kPing, {}, deadlines[i],
                        outcomes[i].callback());
  }
  world.world.run_for(99ms);
  CHECK(order.empty());
  world.world.run_for(1ms);
  CHECK(order == "1");
  world.world.run_for(200ms);
  CHECK(order == "120");
}

TEST_CASE("a call without time fails from the loop, not inside the call") {
  RpcWorld world;
  world.serve();
  world.open_channel();
  Outcome outcome;
  world.channel->call(FrameKind::kPing, {}, 0s, outcome.callback());
  CHECK_FALSE(outcome.done);
  world.world.run_for(1us);
  CHECK(outcome.error->code == base::ErrorCode::kTimedOut);
}

TEST_CASE("a thousand calls to a silent peer leave nothing behind") {
  RpcWorld world;
  world.log.answer = [](ServerSession&, const Request&) {};
  world.serve();
  REQUIRE(world.connect());
  int failed = 0;
  for (int i = 0; i < 1000; ++i) {
    world.channel->call(
        FrameKind::kPing, std::string(64, 'x'), 3s,
        [&](base::Result<AnswerPart> part) {
          CHECK(part.error().code == base::ErrorCode::kTimedOut);
          ++failed;
        });
  }
  CHECK(world.channel->pending_calls() == 1000);
  const std::uint64_t before = world.world.event_count();
  world.world.run_for(4s);
  CHECK(failed == 1000);
  CHECK(world.channel->pending_calls() == 0);
  CHECK(world.log.requests.size() == 1000);
  // One timer for all of them; the rest is the network's work.
  world.world.run_for(10s);
  CHECK(world.world.event_count() - before < 10'000);
}

TEST_CASE("a cancelled call is not called back, sent or unsent") {
  RpcWorld world;
  std::optional<Request> held;
  ServerSession* session = nullptr;
  world.log.answer = [&](ServerSession& from, const Request& request) {
    session = &from;
    held = request;
  };
  world.serve();
  world.open_channel();
  Outcome unsent;
  Outcome sent;
  world.channel->cancel(
      world.channel->call(FrameKind::kHeartbeat, {}, 1s, unsent.callback()));
  const CallId id =
      world.channel->call(FrameKind::kPing, {}, 1s, sent.callback());
  REQUIRE(world.world.run_until([&] { return held.has_value(); }, 1s));
  CHECK(held->kind == FrameKind::kPing);
  world.channel->cancel(id);
  world.channel->cancel(id);
  session->reply(FrameKind::kPing, 0, held->id, {});
  world.world.run_for(5s);
  CHECK(unsent.calls == 0);
  CHECK(sent.calls == 0);
  CHECK(world.log.requests.size() == 1);
  CHECK(world.channel->state() == Channel::State::kReady);
}

TEST_CASE("close fails pending calls from the loop, then tells the owner") {
  RpcWorld world;
  world.log.answer = [](ServerSession&, const Request&) {};
  world.serve();
  REQUIRE(world.connect());
  Outcome first;
  Outcome second;
  bool failed_before = false;
  world.observer.then_disconnected = [&] { failed_before = second.done; };
  world.channel->call(FrameKind::kPing, {}, 1s, first.callback());
  world.channel->call(FrameKind::kPing, {}, 1s, second.callback());
  world.channel->close("tired of it");
  CHECK(world.channel->state() == Channel::State::kClosed);
  CHECK_FALSE(first.done);
  CHECK(world.observer.disconnected.empty());
  world.world.run_for(100ms);
  CHECK(first.error->code == base::ErrorCode::kUnavailable);
  CHECK(first.error->message == "10.0.0.1:9876: tired of it");
  CHECK(second.done);
  REQUIRE(world.observer.disconnected.size() == 1);
  CHECK(failed_before);
  CHECK(world.log.closed == std::vector{transport::CloseReason::kPeerClosed});

  world.channel->close("again");
  world.world.run_for(100ms);
  CHECK(world.observer.disconnected.size() == 1);
}

TEST_CASE("a closed channel connects again with the next call") {
  RpcWorld world;
  world.serve();
  REQUIRE(world.connect());
  world.channel->close("once");
  Outcome outcome;
  world.channel->call(FrameKind::kPing, {}, 1s, outcome.callback());
  CHECK(world.channel->state() == Channel::State::kConnecting);
  REQUIRE(world.world.run_until([&] { return outcome.done; }, 1s));
  CHECK_FALSE(outcome.error);
  CHECK(world.observer.connected.size() == 2);
  CHECK(world.observer.disconnected.size() == 1);
}

TEST_CASE("a late answer over a later connection finds no call") {
  RpcWorld world;
  world.log.answer = [](ServerSession&, const Request&) {};
  world.serve();
  REQUIRE(world.connect());
  Outcome old;
  world.channel->call(FrameKind::kPing, {}, 10s, old.callback());
  world.world.run_for(50ms);
  const std::uint64_t old_id = world.log.requests[0].id;
  world.channel->close("move on");
  Outcome fresh;
  world.log.answer = [&](ServerSession& session, const Request& request) {
    session.reply(request.kind, 0, old_id, "old.....");
    session.reply(request.kind, 0, request.id, "fresh...");
  };
  world.channel->call(FrameKind::kPing, {}, 1s, fresh.callback());
  world.world.run_for(100ms);
  CHECK(fresh.parts == std::vector<std::string>{"fresh..."});
  CHECK(old.calls == 1);
}

TEST_CASE("a server that goes away fails the calls that wait for it") {
  RpcWorld world;
  world.log.answer = [](ServerSession&, const Request&) {};
  world.serve();
  REQUIRE(world.connect());
  Outcome outcome;
  world.channel->call(FrameKind::kPing, {}, 10s, outcome.callback());
  world.world.run_for(50ms);
  SUBCASE("closing") { world.acceptor->close_all(); }
  SUBCASE("crashing") { world.server.crash(); }
  world.world.run_for(1s);
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == base::ErrorCode::kUnavailable);
  CHECK(outcome.error->message.starts_with(
      "10.0.0.1:9876: the connection ended: "));
  CHECK(world.observer.disconnected.size() == 1);
  CHECK(world.channel->state() == Channel::State::kClosed);
}

TEST_CASE("a server that accepts and says nothing is given up in time") {
  RpcWorld world;
  world.serve();
  world.server.freeze();
  world.open_channel();
  Outcome patient;
  Outcome hasty;
  world.channel->call(FrameKind::kPing, {}, 3s, patient.callback());
  world.channel->call(FrameKind::kPing, {}, 400ms, hasty.callback());
  world.world.run_for(400ms);
  CHECK(hasty.error->message ==
        "10.0.0.1:9876: connected, but hello was not answered within 400 ms");
  CHECK_FALSE(patient.done);
  world.world.run_for(600ms);
  CHECK(patient.error->code == base::ErrorCode::kTimedOut);
  CHECK(world.observer.disconnected[0].message ==
        "10.0.0.1:9876: connected, but hello was not answered within 1000 ms");
  CHECK(world.channel->state() == Channel::State::kClosed);
}

TEST_CASE("nobody listening is told at once, with the address") {
  RpcWorld world;
  world.open_channel();
  Outcome outcome;
  world.channel->call(FrameKind::kPing, {}, 3s, outcome.callback());
  world.world.run_for(100ms);
  CHECK(outcome.error->code == base::ErrorCode::kUnavailable);
  CHECK(outcome.error->message.find("10.0.0.1:9876") != std::string::npos);
}

TEST_CASE("closing while connecting abandons the attempt") {
  RpcWorld world;
  world.serve();
  world.open_channel();
  Outcome outcome;
  world.channel->call(FrameKind::kPing, {}, 3s, outcome.callback());
  world.channel->close("changed my mind");
  world.world.run_for(1s);
  CHECK(outcome.error->message == "10.0.0.1:9876: changed my mind");
  CHECK(world.observer.connected.empty());
  CHECK(world.observer.disconnected.size() == 1);
  CHECK(world.channel->pending_calls() == 0);
}

TEST_CASE("a server that refuses hello is left with its reason") {
  RpcWorld world;
  world.serve_raw();
  world.then_raw_accepted = [](RawEnd& end) {
    end.say(codec::make_frame(
        FrameKind::kError, codec::kFlagReply, 1,
        codec::encode(base::Error{base::ErrorCode::kDenied, "no role", ""})));
  };
  world.open_channel();
  world.channel->connect();
  world.world.run_for(100ms);
  REQUIRE(world.observer.disconnected.size() == 1);
  CHECK(world.observer.disconnected[0].to_string() ==
        "denied: 10.0.0.1:9876 refused hello: no role");
}

TEST_CASE("a pushed frame reaches the observer") {
  RpcWorld world;
  world.serve();
  REQUIRE(world.connect());
  world.acceptor->for_each([](ServerSession& session) {
    session.push(FrameKind::kDrainNotice,
                 codec::encode(model::DrainNotice{"going"}));
  });
  world.world.run_for(100ms);
  CHECK(world.observer.pushed == std::vector{FrameKind::kDrainNotice});
}

TEST_CASE("a request above the server's limit fails without being sent") {
  RpcWorld world;
  world.serve_raw();
  world.then_raw_accepted = [](RawEnd& end) {
    model::HelloReply reply = hello_reply();
    reply.max_payload_bytes = 64;
    end.say(codec::make_frame(FrameKind::kHello, codec::kFlagReply, 1,
                              codec::encode(reply)));
  };
  REQUIRE(world.connect());
  Outcome outcome;
  world.channel->call(FrameKind::kRegister, std::string(72, 'x'), 1s,
                      outcome.callback());
  CHECK_FALSE(outcome.done);
  world.world.run_for(100ms);
  CHECK(outcome.error->code == base::ErrorCode::kTooLarge);
  CHECK(world.raw_servers[0]->frames(codec::kPrefaceBytes).size() == 1);
  CHECK(world.channel->state() == Channel::State::kReady);
}

}  // namespace
}  // namespace waypost::rpc

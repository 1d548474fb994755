// Bytes that no honest nameserver sends: the channel ends with a reason.

#include <doctest/doctest.h>

#include "base/random.h"
#include "tests/wire/rpc/rpc_world.h"

namespace waypost::rpc {
namespace {

// The first ids a channel uses: calls made before hello come first.
constexpr std::uint64_t kCallId = 1;
constexpr std::uint64_t kHelloId = 2;

std::string reply_frame(FrameKind kind, std::uint64_t id,
                        std::string_view payload) {
  return codec::make_frame(kind, codec::kFlagReply, id, payload);
}

std::string hello_answer() {
  return reply_frame(FrameKind::kHello, kHelloId, codec::encode(hello_reply()));
}

struct Attack {
  const char* name;
  std::string bytes;
  base::ErrorCode code;
  const char* message;  // a part of it
};

std::vector<Attack> attacks() {
  std::string off_grid = reply_frame(FrameKind::kPing, kCallId, "payload.");
  off_grid[0] = 5;
  std::string huge = reply_frame(FrameKind::kPing, kCallId, "payload.");
  huge[3] = 0x7f;
  const std::string error =
      codec::encode(base::Error{base::ErrorCode::kBusy, "full", ""});
  return {
      {"length off the grid", hello_answer() + off_grid,
       base::ErrorCode::kMalformed, "no multiple of 8"},
      {"huge length", hello_answer() + huge, base::ErrorCode::kTooLarge,
       "the limit is 16777216"},
      {"a request",
       hello_answer() + codec::make_frame(FrameKind::kPing, 0, kCallId, {}),
       base::ErrorCode::kMalformed, "sent a request (ping)"},
      {"another kind of answer",
       hello_answer() + reply_frame(FrameKind::kVerdict, kCallId, {}),
       base::ErrorCode::kMalformed, "ping was answered with verdict"},
      {"an error that is none",
       hello_answer() + reply_frame(FrameKind::kError, kCallId, "nonsense"),
       base::ErrorCode::kMalformed, "not a valid FlatBuffer"},
      {"an error for the connection",
       hello_answer() + reply_frame(FrameKind::kError, 0, error),
       base::ErrorCode::kBusy, "refused: full"},
      {"a refusal before hello", reply_frame(FrameKind::kError, 0, error),
       base::ErrorCode::kBusy, "refused: full"},
      {"hello of another kind", reply_frame(FrameKind::kPing, kHelloId, {}),
       base::ErrorCode::kMalformed, "hello was answered with ping"},
      {"hello that does not decode",
       reply_frame(FrameKind::kHello, kHelloId, "nonsense"),
       base::ErrorCode::kMalformed, "hello reply"},
      {"an answer before hello", reply_frame(FrameKind::kPing, kCallId, {}),
       base::ErrorCode::kMalformed, "before hello"},
      {"another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n",
       base::ErrorCode::kTooLarge, "sent a frame of 1347703880 bytes"},
      {"our own bytes back", preface_text() + hello_frame(kHelloId),
       base::ErrorCode::kMalformed, ""},
  };
}

TEST_CASE("each way of breaking the protocol closes with its reason") {
  for (const Attack& attack : attacks()) {
    CAPTURE(std::string(attack.name));
    RpcWorld world;
    world.serve_raw();
    world.then_raw_accepted = [&](RawEnd& end) { end.say(attack.bytes); };
    world.open_channel();
    Outcome outcome;
    world.channel->call(FrameKind::kPing, {}, 3s, outcome.callback());
    world.world.run_for(100ms);
    REQUIRE(world.observer.disconnected.size() == 1);
    const base::Error& error = world.observer.disconnected[0];
    CAPTURE(error.to_string());
    CHECK(error.code == attack.code);
    CHECK(error.message.find("10.0.0.1:9876") == 0);
    CHECK(error.message.find(attack.message) != std::string::npos);
    CHECK(outcome.error == error);
    CHECK(world.channel->state() == Channel::State::kClosed);
    CHECK(world.raw_servers[0]->closed);
  }
}

TEST_CASE("random bytes from a server end in an error, never in more") {
  base::Random random(20260101);
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    RpcWorld world({.seed = random.next()});
    world.serve_raw();
    world.then_raw_accepted = [&](RawEnd& end) {
      std::string bytes = round % 2 == 0 ? hello_answer() : std::string();
      bytes += codec::make_frame(FrameKind::kRoute,
                                 codec::kFlagReply | codec::kFlagMore, kCallId,
                                 std::string(40, 'r'));
      const std::size_t damaged = bytes.size() - 20;
      for (std::size_t i = damaged; i < bytes.size(); ++i) {
        bytes[i] = static_cast<char>(random.below(256));
      }
      for (std::uint64_t i = random.below(4000); i > 0; --i) {
        bytes += static_cast<char>(random.below(256));
      }
      end.say(bytes);
    };
    world.open_channel();
    Outcome outcome;
    world.channel->call(FrameKind::kQueryRoutes, {}, 3s, outcome.callback());
    world.world.run_for(5s);
    CHECK(outcome.done);
    CHECK(outcome.error);
    CHECK(world.channel->pending_calls() == 0);
  }
}

}  // namespace
}  // namespace waypost::rpc

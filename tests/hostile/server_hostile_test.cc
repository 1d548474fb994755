// A real nameserver and peers that send what they should not. Each is refused
// with a word or closed; memory stays bounded; a client beside them does not
// notice.

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "tests/hostile/hostile_bytes.h"
#include "tests/hostile/victim.h"
#include "tests/support/wait.h"

namespace waypost::hostile {
namespace {

using namespace std::chrono_literals;
using codec::FrameKind;
using support::RawFrame;
using support::wait_until;

constexpr std::array kRequestKinds = {
    FrameKind::kHello,         FrameKind::kPing,
    FrameKind::kRegister,      FrameKind::kHeartbeat,
    FrameKind::kVerdict,       FrameKind::kUnregister,
    FrameKind::kHandover,      FrameKind::kObserve,
    FrameKind::kQueryRoutes,   FrameKind::kListBrokers,
    FrameKind::kListTopics,    FrameKind::kClusterView,
    FrameKind::kKvGet,         FrameKind::kKvList,
    FrameKind::kKvPut,         FrameKind::kKvDelete,
    FrameKind::kListOverrides, FrameKind::kSetOverride,
    FrameKind::kClearOverride, FrameKind::kDeleteTopic,
    FrameKind::kListSettings,  FrameKind::kChangeSetting};

std::string header(std::uint32_t payload_bytes, FrameKind kind,
                   std::uint64_t correlation_id = 7, std::uint16_t flags = 0) {
  const auto bytes =
      codec::encode_frame_header({payload_bytes, kind, flags, correlation_id});
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string preface() {
  const auto bytes = codec::encode_preface();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The frame is an error of that code; empty when it is not.
bool is_error(const std::optional<RawFrame>& frame, base::ErrorCode code) {
  if (!frame || frame->header.kind != FrameKind::kError) return false;
  const auto error = frame->as<base::Error>();
  return error && error->code == code && !error->message.empty();
}

TEST_CASE("bytes of other protocols are refused and closed") {
  Victim victim;
  base::Random random(1);
  std::vector<std::string> openings = {
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
      std::string("\x00\x00\x00\x40\x00\x00\x00\x2c{\"code\":105}", 20),
      std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9),
      "WPSX\x01\x00\x00\x00",
      std::string("WPST\x63\x00\x00\x00", 8),
      std::string("WPST\x01\xff\x00\x00", 8)};
  for (int i = 0; i < 100; ++i) {
    openings.push_back(random_bytes(random, 1 + random.below(2000)));
  }
  for (const auto& opening : openings) {
    CAPTURE(opening);
    RawClient client = victim.stranger();
    REQUIRE(client.connected());
    client.send(opening);
    // A few random bytes may look like the beginning of a preface.
    CHECK(client.wait_closed(scaled(Victim::kFirstFrame + 3s)));
  }
  victim.verify();
}

TEST_CASE("another protocol version is refused in words") {
  Victim victim;
  RawClient client = victim.stranger();
  client.send(std::string("WPST\x63\x00\x00\x00", 8));
  const auto answer = client.read_frame();
  CHECK(is_error(answer, base::ErrorCode::kUnsupported));
  CHECK(client.wait_closed());
  victim.verify();
}

TEST_CASE("lengths that cannot be are refused in words and closed") {
  Victim victim;
  const auto too_large = [&](std::uint32_t length) {
    for (const FrameKind kind : kRequestKinds) {
      RawClient client = victim.guest();
      client.send(header(length, kind));
      CAPTURE(length);
      CHECK(is_error(client.read_frame(), base::ErrorCode::kTooLarge));
      CHECK(client.wait_closed());
    }
  };
  too_large(0xfffffff8U);
  too_large(0x80000000U);
  too_large(Victim::kPayloadMax + 8);
  for (const std::uint32_t length : {1U, 7U, 12U, 1001U}) {
    RawClient client = victim.guest();
    client.send(header(length, FrameKind::kPing));
    CHECK(is_error(client.read_frame(), base::ErrorCode::kMalformed));
    CHECK(client.wait_closed());
  }
  victim.verify();
}

TEST_CASE("frames that end early leave nothing behind") {
  Victim victim;
  base::Random random(2);
  const std::string frame = codec::make_frame(
      FrameKind::kListTopics, 0, 9, codec::encode(model::PageRequest{}));
  const std::string all = preface() + frame;
  for (std::size_t cut = 0; cut < all.size(); ++cut) {
    RawClient client = victim.stranger();
    client.send(all.substr(0, cut));
    if (cut % 3 == 0) client.reset();
  }
  CHECK(wait_until(scaled(5s),
                   [&] { return victim.process().open_files() < 60; }));
  victim.verify();
}

TEST_CASE("an intact frame with a broken payload is answered with an error") {
  Victim victim;
  base::Random random(3);
  for (const FrameKind kind : kRequestKinds) {
    // These have no payload, and nobody looks at one.
    if (kind == FrameKind::kPing || kind == FrameKind::kClusterView ||
        kind == FrameKind::kListSettings) {
      continue;
    }
    CAPTURE(codec::frame_kind_name(kind));
    RawClient client = victim.guest();
    for (int i = 0; i < 50; ++i) {
      // Never a FlatBuffer: the root offset points outside.
      std::string payload = random_bytes(random, 8 * (1 + random.below(100)));
      payload[3] = '\x7f';
      client.send(
          codec::make_frame(kind, 0, 100 + static_cast<unsigned>(i), payload));
      const auto answer = client.read_frame();
      if (!answer) {
        client = victim.guest();  // closed: as good
        continue;
      }
      CHECK(answer->header.kind == FrameKind::kError);
      CHECK(answer->header.correlation_id == 100 + static_cast<unsigned>(i));
    }
  }
  victim.verify();
}

TEST_CASE("empty payloads and unknown kinds are answered or closed") {
  Victim victim;
  for (std::uint16_t kind = 0; kind < 300; ++kind) {
    for (const std::uint16_t flags :
         std::initializer_list<std::uint16_t>{0, 1, 2, 0xffff}) {
      RawClient client = victim.guest();
      client.send(header(0, static_cast<FrameKind>(kind), 5, flags));
      client.request(FrameKind::kPing, 6, model::PageRequest{});
      // An answer to either, or a close; not silence.
      const bool heard =
          client.read_frame().has_value() || client.wait_closed(100ms);
      CAPTURE(kind);
      CHECK(heard);
    }
  }
  victim.verify();
}

TEST_CASE("thousands of damaged requests: an answer or a close to each") {
  Victim victim;
  base::Random random(4);
  model::RegisterRequest registration;
  registration.cluster = model::ClusterName("c2");
  registration.broker = {model::BrokerName("broker-x"), model::kMasterId};
  registration.address = {"127.0.0.1", 1002};
  registration.epoch = model::Epoch(1);
  for (int i = 0; i < 20; ++i) {
    model::TopicConfig topic;
    topic.name = model::TopicName("damaged-" + std::to_string(i));
    registration.topics.push_back(topic);
  }
  model::RouteQueryRequest query;
  for (int i = 0; i < 20; ++i) {
    query.topics.push_back({model::TopicName("t" + std::to_string(i)), {}});
  }
  const std::vector<std::string> intact = {
      codec::make_frame(FrameKind::kRegister, 0, 1,
                        codec::encode(registration)),
      codec::make_frame(FrameKind::kQueryRoutes, 0, 2, codec::encode(query)),
      codec::make_frame(FrameKind::kListBrokers, 0, 3,
                        codec::encode(model::PageRequest{})),
  };
  constexpr int kRounds = 3000;
  RawClient client = victim.guest();
  for (int round = 0; round < kRounds; ++round) {
    const std::string& frame = intact[random.below(intact.size())];
    // Mostly the payload; now and then the header too.
    const bool whole = random.chance(0.1);
    const std::string damaged =
        whole ? mutated(random, frame)
              : codec::make_frame(
                    codec::decode_frame_header(
                        reinterpret_cast<const std::byte*>(frame.data()))
                        .kind,
                    0, 4,
                    mutated(random, frame.substr(codec::kFrameHeaderBytes)));
    if (!client.send(damaged) || whole) {
      client = victim.guest();
      continue;
    }
    if (random.chance(0.3) && !client.read_frame()) client = victim.guest();
  }
  CHECK(victim.growth_bytes() < Victim::allowed(16 * kMiB));
  victim.verify();
}

TEST_CASE("bombs cost no more than their budget") {
  Victim victim;
  const std::vector<std::pair<FrameKind, std::string>> bombs = {
      {FrameKind::kRegister, repeated_string_bomb(500'000, 1000)},
      {FrameKind::kRegister, repeated_string_bomb(1000, 1'000'000)},
      {FrameKind::kRegister, repeated_table_bomb(900'000)},
      {FrameKind::kQueryRoutes, repeated_query_bomb(900'000)},
      {FrameKind::kQueryRoutes, repeated_query_bomb(100'000)}};
  for (int round = 0; round < 3; ++round) {
    for (const auto& [kind, payload] : bombs) {
      REQUIRE(payload.size() <= Victim::kPayloadMax);
      RawClient client = victim.guest();
      REQUIRE(client.send(codec::make_frame(kind, 0, 9, payload)));
      const auto answer = client.read_frame(scaled(10s));
      CHECK(is_error(answer, base::ErrorCode::kTooLarge));
    }
  }
  // Four times a frame, its copy for the decoder, and what the allocator keeps.
  CHECK(victim.peak_growth_bytes() < Victim::allowed(48 * kMiB));
  victim.verify();
}

TEST_CASE("memory grows with what arrives, not with what is promised") {
  Victim victim;
  std::vector<RawClient> liars;
  for (int i = 0; i < 500; ++i) {
    liars.push_back(victim.guest());
    liars.back().send(header(Victim::kPayloadMax, FrameKind::kRegister));
    liars.back().send(std::string(100, 'x'));
  }
  // 2 GiB promised, 50 kB sent.
  CHECK(victim.growth_bytes() < Victim::allowed(16 * kMiB));
  victim.verify();
}

TEST_CASE("input of all connections together stays within its budget") {
  Victim victim;
  std::vector<RawClient> attackers;
  const std::string almost(Victim::kPayloadMax - 8, 'x');
  for (int i = 0; i < 100; ++i) {
    attackers.push_back(victim.guest());
    attackers.back().send(header(Victim::kPayloadMax, FrameKind::kRegister));
    // 400 MB in all; who comes beyond the budget is closed.
    attackers.back().send(almost, scaled(2s));
  }
  CHECK(victim.peak_growth_bytes() <
        Victim::allowed(Victim::kInputMax + 48 * kMiB));
  CHECK(wait_until(scaled(10s), [&] {
    return std::count_if(attackers.begin(), attackers.end(), [](auto& each) {
             return each.wait_closed(1ms);
           }) >= 50;
  }));
  attackers.clear();
  // The budget is given back: a large registration is taken again.
  CHECK(wait_until(scaled(5s), [&] {
    RawClient client = victim.guest();
    client.send(codec::make_frame(FrameKind::kRegister, 0, 9,
                                  repeated_table_bomb(300'000)));
    return client.read_frame(scaled(5s)).has_value();
  }));
  victim.verify();
}

TEST_CASE("a thousand half-open connections end and cost the others nothing") {
  Victim victim;
  const std::size_t files_before = victim.process().open_files();
  std::vector<RawClient> silent;
  for (int i = 0; i < 1000; ++i) {
    silent.push_back(victim.stranger());
    REQUIRE(silent.back().connected());
    // A third says nothing, a third a preface, a third half a header.
    if (i % 3 == 1) silent.back().send(preface());
    if (i % 3 == 2) {
      silent.back().send(preface() + header(8, FrameKind::kHello).substr(0, 9));
    }
  }
  CHECK(victim.growth_bytes() < Victim::allowed(16 * kMiB));
  // New ones are let in meanwhile.
  CHECK_FALSE(support::RouteInquirer(victim.endpoint())
                  .ask(Victim::kTopic)
                  .error.has_value());
  CHECK(wait_until(scaled(Victim::kFirstFrame + 8s), [&] {
    return victim.process().open_files() <= files_before + 5;
  }));
  for (auto& each : silent) CHECK(each.wait_closed(scaled(5s)));
  victim.verify();
}

TEST_CASE("who asks and does not read is held back, not buffered for") {
  Victim victim;
  // Something large to ask for: a listing of many topics.
  model::RegisterRequest many;
  many.cluster = model::ClusterName("c1");
  many.broker = {model::BrokerName("broker-many"), model::kMasterId};
  many.address = {"127.0.0.1", 1003};
  many.epoch = model::Epoch(1);
  for (int i = 0; i < 5000; ++i) {
    model::TopicConfig topic;
    topic.name = model::TopicName("many-" + std::to_string(10'000 + i));
    many.topics.push_back(topic);
  }
  many.topics_digest = model::digest_topics(many.topics);
  RawClient broker = victim.guest();
  REQUIRE(broker.request(FrameKind::kRegister, 2, many));
  REQUIRE(broker.read_frame().has_value());

  model::PageRequest page;
  page.limit = 5000;
  const std::string listing =
      codec::make_frame(FrameKind::kListTopics, 0, 3, codec::encode(page));
  model::RouteQueryRequest query;
  for (const auto& topic : many.topics)
    query.topics.push_back({topic.name, {}});
  const std::string routes =
      codec::make_frame(FrameKind::kQueryRoutes, 0, 4, codec::encode(query));

  std::vector<RawClient> lazy;
  for (int i = 0; i < 20; ++i) {
    lazy.push_back(
        RawClient(victim.endpoint(), {.receive_buffer_bytes = 4096}));
    lazy.back().send_preface();
    lazy.back().request(FrameKind::kHello, 1, model::HelloRequest{});
  }
  for (int round = 0; round < 50; ++round) {
    for (std::size_t i = 0; i < lazy.size(); ++i) {
      lazy[i].send_some(i % 2 == 0 ? listing : routes);
    }
  }
  // For each of them what waits at the high-water mark, 1 MiB, and one answer
  // more, 1 MiB: 40 MiB, however many requests one read brought. The rest is
  // the table and its encoded routes. (The kernel's send buffers are not ours.)
  support::let_pass(500ms, "for the answers to pile up");
  CHECK(victim.growth_bytes() < Victim::allowed(64 * kMiB));
  // Nobody was closed for it: who reads on gets all that was asked for.
  lazy.front().request(FrameKind::kPing, 99, model::PageRequest{});
  std::size_t listings = 0;
  while (const auto frame = lazy.front().read_frame(scaled(5s))) {
    if (frame->header.kind == FrameKind::kPing) break;
    if (frame->header.kind == FrameKind::kListTopics) ++listings;
  }
  CHECK(listings == 50);
  for (auto& each : lazy) CHECK_FALSE(each.wait_closed(1ms));
  lazy.clear();
  victim.verify();
}

TEST_CASE("who sends a byte at a time is waited for, but not for ever") {
  Victim victim;
  const std::string opening =
      preface() + codec::make_frame(FrameKind::kHello, 0, 1,
                                    codec::encode(model::HelloRequest{}));
  std::vector<RawClient> slow;
  for (int i = 0; i < 200; ++i) slow.push_back(victim.stranger());
  // Some bytes of all of them, then no more.
  for (std::size_t at = 0; at < opening.size() / 2; ++at) {
    for (auto& each : slow) each.send_some(opening.substr(at, 1));
  }
  for (auto& each : slow) {
    CHECK(each.wait_closed(scaled(Victim::kFirstFrame + 5s)));
  }
  // In time, byte by byte is as good as any.
  RawClient patient = victim.stranger();
  for (const char each : opening) REQUIRE(patient.send({&each, 1}));
  const auto reply = patient.read_frame();
  REQUIRE(reply.has_value());
  CHECK(reply->header.kind == FrameKind::kHello);
  victim.verify();
}

TEST_CASE("connections that are reset at every moment leave nothing behind") {
  Victim victim;
  base::Random random(5);
  const std::string all =
      preface() +
      codec::make_frame(FrameKind::kHello, 0, 1,
                        codec::encode(model::HelloRequest{})) +
      codec::make_frame(FrameKind::kListBrokers, 0, 3,
                        codec::encode(model::PageRequest{}));
  const std::size_t files_before = victim.process().open_files();
  for (int i = 0; i < 2000; ++i) {
    RawClient client = victim.stranger();
    client.send_some(all.substr(0, random.below(all.size() + 1)));
    if (random.chance(0.5)) client.read_frame(Milliseconds(1));
    client.reset();
  }
  CHECK(wait_until(scaled(5s), [&] {
    return victim.process().open_files() <= files_before + 5;
  }));
  CHECK(victim.growth_bytes() < Victim::allowed(16 * kMiB));
  victim.verify();
}

}  // namespace
}  // namespace waypost::hostile

// The remoting port of a real nameserver and peers that send what they should
// not: an answer or a close to each, bounded memory, a client beside them does
// not notice.

#include <cstdlib>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <zlib.h>

#include "base/random.h"
#include "tests/hostile/hostile_bytes.h"
#include "tests/hostile/victim.h"
#include "tests/support/remoting_requests.h"
#include "tests/support/wait.h"

namespace waypost::hostile {
namespace {

using namespace std::chrono_literals;
using support::RemotingBroker;
using support::wait_until;
namespace code = remoting::request_code;

// Length fields before some header and body.
std::string frame(const std::string& header, const std::string& body = {},
                  std::uint8_t serialization = 0) {
  const auto u32 = [](std::size_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) {
      bytes +=
          static_cast<char>((value >> static_cast<unsigned>(shift)) & 255U);
    }
    return bytes;
  };
  return u32(4 + header.size() + body.size()) +
         u32((std::size_t{serialization} << 24U) | header.size()) + header +
         body;
}

bool still_serves(RawClient& client) {
  client.send(support::route_request(Victim::kTopic, 77));
  const auto answer = client.read_answer();
  return answer && answer->brokers().size() == 1;
}

// `text`, `times` times, deflated: `text.size() * times` bytes in a few.
std::string deflated(const std::string& text, std::size_t times) {
  z_stream stream{};
  REQUIRE(deflateInit(&stream, 1) == Z_OK);
  std::string out(1 << 20, '\0');
  std::string result;
  const auto run = [&](int flush) {
    do {
      stream.next_out = reinterpret_cast<Bytef*>(out.data());
      stream.avail_out = static_cast<uInt>(out.size());
      deflate(&stream, flush);
      result.append(out.data(), out.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  };
  for (std::size_t i = 0; i < times; ++i) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    run(Z_NO_FLUSH);
  }
  run(Z_FINISH);
  deflateEnd(&stream);
  return result;
}

std::string registration(const std::string& body, bool compressed) {
  return support::remoting_request(
      code::kRegisterBroker, 1,
      {{"brokerName", "bomb"},
       {"brokerAddr", "127.0.0.1:1"},
       {"clusterName", "c"},
       {"brokerId", "0"},
       {"compressed", compressed ? "true" : "false"}},
      body);
}

std::string u32(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes += static_cast<char>((value >> static_cast<unsigned>(shift)) & 255U);
  }
  return bytes;
}

TEST_CASE("frames that are none are closed without an answer") {
  Victim victim;
  RawClient witness = victim.stranger();
  REQUIRE(still_serves(witness));
  std::vector<std::string> openings = {
      std::string(4, '\0'),
      std::string("\0\0\0\1\0", 5),
      std::string("\0\0\0\4\0\0\0\0", 8),
      std::string("\0\0\0\7\0\0\0\3   ", 11),
      std::string("\0\0\0\6\0\0\0\2[]", 10),
      std::string("\0\0\0\6\2\0\0\2{}", 10),
      std::string("\1\0\0\1\0\0\0\2{}", 10),
      std::string("\2\0\0\0\0\0\0\2{}", 10),
      std::string("\x7f\xff\xff\xff\0\0\0\0", 8),
      frame(R"({"code":105,"opaque":2147483648})"),
      frame("{\"code\":105,"),
      frame(std::string(100, '\0')),
      frame("\xff\xfe", "", 1),
  };
  base::Random random(1);
  for (int i = 0; i < 100; ++i) {
    openings.push_back(frame(random_bytes(random, 1 + random.below(300)), {},
                             random.chance(0.5) ? 1 : 0));
  }
  for (const auto& opening : openings) {
    CAPTURE(opening);
    RawClient client = victim.stranger();
    client.send(opening);
    // A random binary header may be one, of an unknown code.
    const bool ended = client.wait_closed(scaled(20ms)) ||
                       still_serves(client) || client.wait_closed();
    CHECK(ended);
  }
  CHECK(still_serves(witness));
  victim.verify();
}

TEST_CASE("thousands of damaged remoting requests: an answer or a close") {
  Victim victim;
  base::Random random(2);
  RemotingBroker broker;
  broker.name = "damaged";
  for (int i = 0; i < 20; ++i) {
    broker.topics.push_back("damaged-" + std::to_string(i));
  }
  RemotingBroker compressed = broker;
  compressed.deflated = true;
  remoting::Command binary;
  binary.serialization = remoting::Serialization::kBinary;
  binary.code = code::kGetRouteInfoByTopic;
  binary.set_ext_field("topic", Victim::kTopic);
  const std::vector<std::string> intact = {
      support::register_request(broker, 1),
      support::register_request(compressed, 2),
      support::unregister_request(broker, 3),
      support::data_version_request(broker, broker.version, 4),
      support::route_request(Victim::kTopic, 5),
      remoting::encode_frame(binary),
      support::remoting_request(
          code::kPutKvConfig, 6,
          {{"namespace", "n"}, {"key", "k"}, {"value", "v"}}),
      support::remoting_request(code::kUpdateNamesrvConfig, 7, {},
                                "orderMessageEnable=false\n\\u0041=1"),
      support::remoting_request(
          code::kRegisterTopicInNamesrv, 8, {{"topic", "t"}},
          R"({"queueDatas":[{"brokerName":"damaged","perm":6}]})"),
      support::remoting_request(code::kGetBrokerClusterInfo, 9)};
  constexpr int kRounds = 4000;
  RawClient client = victim.stranger();
  for (int round = 0; round < kRounds; ++round) {
    const std::string& whole = intact[random.below(intact.size())];
    const bool lengths_too = random.chance(0.1);
    std::string damaged;
    if (lengths_too) {
      damaged = mutated(random, whole);
    } else {
      // Header and body are damaged, the lengths are right.
      const auto scan = remoting::scan_frame(std::as_bytes(std::span(whole)),
                                             remoting::kFrameMaxBytesDefault);
      const bool header = random.chance(0.5);
      damaged = frame(header ? mutated(random, std::string(scan.frame.header))
                             : std::string(scan.frame.header),
                      header ? std::string(scan.frame.body)
                             : mutated(random, std::string(scan.frame.body)),
                      static_cast<std::uint8_t>(scan.frame.serialization));
    }
    if (!client.send(damaged) || lengths_too) {
      client = victim.stranger();
      continue;
    }
    // It may have become a one-way request or a response: then nothing comes.
    if (random.chance(0.2) && !client.read_answer(scaled(20ms))) {
      client = victim.stranger();
    }
  }
  CHECK(victim.growth_bytes() < Victim::allowed(24 * kMiB));
  victim.verify();
}

TEST_CASE("bodies that inflate without end stop at their bound") {
  Victim victim;
  const std::string megabyte(1 << 20, 'x');
  const std::string zeros(1 << 20, '\0');
  // The data version's length, then text that never ends; 600 MiB.
  const std::string endless = deflated(megabyte, 600);
  REQUIRE(endless.size() < 6 * kMiB);
  std::string many_topics = u32(2) + "{}" + u32(0x7fffffff);
  const std::string counted = deflated(many_topics + zeros, 64);
  for (const std::string& body : {endless, counted, deflated(zeros, 600)}) {
    for (int round = 0; round < 2; ++round) {
      RawClient client = victim.stranger();
      REQUIRE(client.send(registration(body, round == 0)));
      const auto answer = client.read_answer(scaled(20s));
      REQUIRE(answer.has_value());
      CHECK(answer->command.code == remoting::response_code::kSystemError);
    }
  }
  CHECK(victim.peak_growth_bytes() < Victim::allowed(110 * kMiB));
  victim.verify();
}

TEST_CASE("JSON that is deep, wide or long costs in proportion to its bytes") {
  Victim victim;
  std::string wide = R"({"topicConfigSerializeWrapper":{"topicConfigTable":{)";
  for (int i = 0; i < 400'000; ++i) {
    wide += "\"" + std::to_string(i) + "\":{\"topicName\":\"a\"},";
  }
  const std::vector<std::string> bodies = {
      std::string(3'000'000, '['),
      std::string(3'000'000, '{'),
      "{\"a\":" + std::string(3'000'000, '['),
      "{\"filterServerList\":[" + std::string(3'000'000, ','),
      wide,
      "\"" + std::string(3'000'000, '\\')};
  for (const std::string& body : bodies) {
    RawClient client = victim.stranger();
    REQUIRE(client.send(registration(body, false)));
    const auto answer = client.read_answer(scaled(20s));
    REQUIRE(answer.has_value());
    CHECK(answer->command.code != remoting::response_code::kSuccess);
  }
  std::string fields = R"({"code":105,"extFields":{)";
  for (int i = 0; i < 300'000; ++i) {
    fields += "\"" + std::to_string(i) + "\":\"\",";
  }
  for (const std::string& header :
       {std::string(3'000'000, '['), "{\"a\":" + std::string(3'000'000, '{'),
        fields + "}}"}) {
    RawClient client = victim.stranger();
    REQUIRE(client.send(frame(header)));
    CHECK((client.read_answer(scaled(5s)) || client.wait_closed()));
  }
  CHECK(victim.peak_growth_bytes() < Victim::allowed(100 * kMiB));
  victim.verify();
}

TEST_CASE("promised remoting frames cost nothing until they arrive") {
  Victim victim;
  std::vector<RawClient> liars;
  for (int i = 0; i < 500; ++i) {
    liars.push_back(victim.stranger());
    liars.back().send(u32(15 * 1024 * 1024) + u32(100) + std::string(100, ' '));
  }
  CHECK(victim.growth_bytes() < Victim::allowed(16 * kMiB));
  for (auto& each : liars) {
    CHECK(each.wait_closed(scaled(Victim::kFirstFrame + 5s)));
  }
  victim.verify();
}

TEST_CASE("remoting input of all connections together stays in its budget") {
  Victim victim;
  std::vector<RawClient> attackers;
  const std::string almost =
      u32(15 * 1024 * 1024) + u32(100) + std::string(4 * kMiB, ' ');
  for (int i = 0; i < 60; ++i) {
    attackers.push_back(victim.stranger());
    attackers.back().send(almost, scaled(2s));
  }
  CHECK(victim.peak_growth_bytes() <
        Victim::allowed(Victim::kInputMax + 48 * kMiB));
  attackers.clear();
  CHECK(wait_until(scaled(5s), [&] {
    RawClient client = victim.stranger();
    return still_serves(client);
  }));
  victim.verify();
}

TEST_CASE("who pipelines and does not read is held back, then answered") {
  Victim victim;
  // A topic whose route is long: on 300 brokers.
  RawClient brokers = victim.stranger();
  for (int i = 0; i < 300; ++i) {
    RemotingBroker broker;
    broker.name = "wide-" + std::to_string(i);
    broker.address =
        "10.1.0." + std::to_string(i % 250) + ":" + std::to_string(10'000 + i);
    broker.topics = {"wide"};
    REQUIRE(brokers.send(support::register_request(broker, i)));
    REQUIRE(brokers.read_answer().has_value());
  }
  constexpr int kAsked = 1000;
  std::string routes;
  std::string lists;
  for (int i = 0; i < kAsked; ++i) {
    routes += support::route_request("wide", i);
    lists += support::remoting_request(code::kGetBrokerClusterInfo, i);
  }
  std::vector<RawClient> lazy;
  std::vector<std::string> unsent;
  for (int i = 0; i < 20; ++i) {
    lazy.push_back(
        RawClient(victim.endpoint(), {.receive_buffer_bytes = 4096}));
    unsent.push_back(i % 2 == 0 ? routes : lists);
  }
  for (int round = 0; round < 50; ++round) {
    for (std::size_t i = 0; i < lazy.size(); ++i) {
      unsent[i].erase(0, lazy[i].send_some(unsent[i]));
    }
  }
  support::let_pass(500ms, "for the answers to pile up");
  // What waits at the high-water mark of 1 MiB and one answer, for each; asked
  // for are 20 x 50 MB.
  CHECK(victim.growth_bytes() < Victim::allowed(48 * kMiB));
  int answered = 0;
  while (answered < kAsked) {
    unsent[0].erase(0, lazy[0].send_some(unsent[0]));
    const auto answer = lazy[0].read_answer(scaled(5s));
    if (!answer) break;
    CHECK(answer->command.opaque == answered);
    ++answered;
  }
  CHECK(answered == kAsked);
  for (std::size_t i = 1; i < lazy.size(); ++i) {
    CHECK_FALSE(lazy[i].wait_closed(1ms));
  }
  lazy.clear();
  victim.verify();
}

TEST_CASE("remoting frames cut at every byte leave nothing behind") {
  Victim victim;
  const std::string all = support::route_request(Victim::kTopic, 1);
  const std::size_t files_before = victim.process().open_files();
  for (std::size_t cut = 0; cut < all.size(); ++cut) {
    RawClient client = victim.stranger();
    client.send(all.substr(0, cut));
    if (cut % 3 == 0) client.reset();
  }
  CHECK(wait_until(scaled(5s), [&] {
    return victim.process().open_files() <= files_before + 5;
  }));
  RawClient slow = victim.stranger();
  for (const char each : all) REQUIRE(slow.send({&each, 1}));
  CHECK(slow.read_answer().has_value());
  victim.verify();
}

}  // namespace
}  // namespace waypost::hostile

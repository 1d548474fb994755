// What probed servers answer, in pieces, wrong, or endless.

#include <doctest/doctest.h>

#include "base/random.h"
#include "broker_agent/core/answer_matcher.h"
#include "broker_agent/core/mqtt_packets.h"

namespace waypost::agent {
namespace {

// Feeds byte by byte; the result must not depend on the pieces.
std::optional<ProbeResult> drip(AnswerMatcher& matcher, std::string_view text) {
  for (const char& byte : text) {
    if (auto result = matcher.feed({&byte, 1})) return result;
  }
  return std::nullopt;
}

TEST_CASE("the expected bytes pass wherever they stand, however they arrive") {
  ExpectMatcher matcher("+PONG");
  CHECK(matcher.feed("xx+PONG\r\n")->passed);
  matcher.reset();
  CHECK_FALSE(matcher.feed("+PO").has_value());
  CHECK(matcher.feed("NG")->passed);
  matcher.reset();
  CHECK(drip(matcher, "++P+PON+PONG")->passed);
}

TEST_CASE("endless wrong bytes fail after 16 KiB and are shown") {
  ExpectMatcher matcher("+PONG");
  const std::string garbage(4096, '\x01');
  for (int i = 0; i < 3; ++i) CHECK_FALSE(matcher.feed(garbage).has_value());
  const auto result = matcher.feed(garbage + garbage);
  REQUIRE(result.has_value());
  CHECK_FALSE(result->passed);
  CHECK(result->detail.find("\\x01\\x01") != std::string::npos);
  CHECK(result->detail.find("'+PONG'") != std::string::npos);
}

TEST_CASE("HTTP 2xx and 3xx pass with the end of the header") {
  for (const char* answer :
       {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 204\r\nA: b\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\nbody",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"}) {
    CAPTURE(answer);
    HttpMatcher matcher;
    CHECK(matcher.feed(answer)->passed);
    HttpMatcher slow;
    CHECK(drip(slow, answer)->passed);
  }
  HttpMatcher unfinished;
  CHECK_FALSE(unfinished.feed("HTTP/1.1 200 OK\r\nA: b\r\n").has_value());
}

TEST_CASE("other statuses and what is no HTTP fail at once, with the reason") {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"HTTP/1.1 503 Service Unavailable\r\n", "status 503"},
      {"HTTP/1.1 404", "status 404"},
      {"HTTP/1.1 099 x", "status 099"},
      {"SSH-2.0-x", "not HTTP: 'SSH-2.0-x'"},
      {"HTTP/2 200", "not HTTP"},
      {"HTTP/1.1_200", "not HTTP"},
      {"HTTP/1.1 2x0", "not HTTP"},
  };
  for (const auto& [answer, why] : cases) {
    CAPTURE(answer);
    HttpMatcher matcher;
    const auto result = matcher.feed(answer);
    REQUIRE(result.has_value());
    CHECK_FALSE(result->passed);
    CHECK(result->detail.find(why) != std::string::npos);
  }
}

TEST_CASE("an endless HTTP header fails after 16 KiB") {
  HttpMatcher matcher;
  std::optional<ProbeResult> result = matcher.feed("HTTP/1.1 200 OK\r\n");
  int lines = 0;
  while (!result) {
    result = matcher.feed("X-Filler: aaaaaaaaaaaaaaaaaaaa\r\n");
    REQUIRE(++lines < 1000);
  }
  CHECK_FALSE(result->passed);
}

TEST_CASE("the bytes of CONNECT are those of the standard") {
  CHECK(mqtt::encode_connect("ab", 60) ==
        std::string("\x10\x0e\0\x04MQTT\x04\x02\0\x3c\0\x02"
                    "ab",
                    16));
  CHECK(mqtt::encode_connect(std::string(99, 'x'), 60).size() == 14 + 23);
  CHECK(mqtt::encode_pingreq() == std::string("\xc0\0", 2));
}

TEST_CASE("MQTT packets are found in any pieces") {
  using Outcome = mqtt::PacketScan::Outcome;
  const std::string bytes("\x20\x02\0\0\xd0\0", 6);
  for (std::size_t cut = 0; cut < 4; ++cut) {
    CHECK(mqtt::scan_packet(bytes.substr(0, cut)).outcome ==
          Outcome::kNeedMore);
  }
  const auto connack = mqtt::scan_packet(bytes);
  CHECK(connack.outcome == Outcome::kPacket);
  CHECK(connack.type == mqtt::kConnack);
  CHECK(connack.consumed == 4);
  CHECK(mqtt::scan_packet(bytes.substr(4)).type == mqtt::kPingresp);
  // A two-byte remaining length.
  const std::string publish = "\x30\x80\x01" + std::string(128, 'x');
  CHECK(mqtt::scan_packet(publish).consumed == publish.size());
}

TEST_CASE("what no MQTT server sends is malformed") {
  using Outcome = mqtt::PacketScan::Outcome;
  for (const std::string& bytes :
       {std::string("HTTP/1.1 400 Bad Request"), std::string("\x10\x02\0\0", 4),
        std::string("\xe0\0", 2), std::string("\x21\x02\0\0", 4),
        std::string("\x20\xff\xff\xff\xff"), std::string("\x30\xff\xff\x7f"),
        std::string("+PONG\r\n"), std::string("SSH-2.0-OpenSSH"),
        std::string("\0", 1)}) {
    CHECK(mqtt::scan_packet(bytes).outcome == Outcome::kMalformed);
  }
  base::Random random(3);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes;
    for (std::uint64_t n = random.below(12); n > 0; --n) {
      bytes += static_cast<char>(random.below(256));
    }
    const auto scan = mqtt::scan_packet(bytes);
    CHECK(scan.consumed <= bytes.size());
    CHECK((scan.outcome == Outcome::kPacket) == (scan.consumed > 0));
  }
}

TEST_CASE("a broker that wants a login is alive, one that is unavailable not") {
  CHECK(mqtt::read_connack(std::string("\0\0", 2)).session);
  CHECK(mqtt::read_connack(std::string("\0\x05", 2)).alive);
  CHECK_FALSE(mqtt::read_connack(std::string("\0\x05", 2)).session);
  for (const char code : {'\x01', '\x02', '\x03', '\x09'}) {
    const auto outcome = mqtt::read_connack(std::string{'\0', code});
    CHECK_FALSE(outcome.alive);
    CHECK_FALSE(outcome.detail.empty());
  }
  CHECK_FALSE(mqtt::read_connack("x").alive);
}

}  // namespace
}  // namespace waypost::agent

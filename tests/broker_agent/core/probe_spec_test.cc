#include "broker_agent/core/probe_spec.h"

#include <doctest/doctest.h>

namespace waypost::agent {
namespace {

const base::Endpoint kBroker{"10.0.0.1", 1883};

ProbeSpec parsed(std::string_view text) {
  const auto spec = parse_probe(text, kBroker);
  CAPTURE(text);
  if (!spec) FAIL(spec.error().to_string());
  return *spec;
}

TEST_CASE("probes look at the broker's address unless they name another") {
  CHECK(parsed("tcp").address == kBroker);
  CHECK(parsed("mqtt").kind == ProbeKind::kMqtt);
  CHECK(parsed("rocketmq").kind == ProbeKind::kRocketmq);
  CHECK(parsed("rocketmq@10.0.0.2:10911").address.to_string() ==
        "10.0.0.2:10911");
  CHECK(parsed("mqtt@10.0.0.2:1884").address.to_string() == "10.0.0.2:1884");
  CHECK(parsed("tcp@[::1]:99").address == base::Endpoint{"::1", 99});
  CHECK(parsed("tcp-exchange@[::1]:99:a:b/c").address ==
        base::Endpoint{"::1", 99});
  CHECK(parsed("tcp-exchange@[::1]:99:a:b/c").send == "a:b");
}

TEST_CASE("an exchange is read with its escapes") {
  const ProbeSpec spec =
      parsed("tcp-exchange:PING\\r\\n\\x00\\0\\t\\\\/+PONG\\/\\xfF");
  CHECK(spec.kind == ProbeKind::kTcpExchange);
  CHECK(spec.send == std::string("PING\r\n\0\0\t\\", 10));
  CHECK(spec.expect == "+PONG/\xff");
  CHECK(parsed("tcp-exchange:/SSH-").send.empty());
}

TEST_CASE("a URL is split, or is a path at the broker") {
  const ProbeSpec full = parsed("http://host:8080/health?x=1");
  CHECK(full.address == base::Endpoint{"host", 8080});
  CHECK(full.send == "/health?x=1");
  CHECK(full.name == "http");
  CHECK(parsed("http:http://host/").address.port == 80);
  CHECK(parsed("http://[::1]/x").address == base::Endpoint{"::1", 80});
  CHECK(parsed("http://[::1]:81").address == base::Endpoint{"::1", 81});
  CHECK(parsed("http://host").send == "/");
  CHECK(parsed("http:/ready").address == kBroker);
}

TEST_CASE("a command is split at blanks, quotes keep them") {
  const ProbeSpec spec = parsed("command:check  -h 'a b' \"\" x\"y z\"");
  REQUIRE(spec.command.size() == 5);
  CHECK(spec.command[2] == "a b");
  CHECK(spec.command[3].empty());
  CHECK(spec.command[4] == "xy z");
}

TEST_CASE("what cannot be probed is refused with a reason") {
  const std::vector<std::pair<const char*, const char*>> refused = {
      {"", "unknown kind"},
      {"udp", "unknown kind"},
      {"tcp:1883", "takes no argument"},
      {"mqtt:x", "takes no argument"},
      {"tcp@", "''"},
      {"tcp@host", "host"},
      {"tcp@host:0", "port 0"},
      {"tcp@host:x", "host:x"},
      {"tcp-exchange", "SEND/EXPECT is missing"},
      {"tcp-exchange:PING", "'/' and EXPECT are missing"},
      {"tcp-exchange:PING/", "EXPECT is empty"},
      {"tcp-exchange:a/b/c", "third part"},
      {"tcp-exchange:\\q/b", "SEND has a wrong escape"},
      {"tcp-exchange:a/\\x1", "EXPECT has a wrong escape"},
      {"http:", "no URL"},
      {"http:ftp://x", "no URL"},
      {"http:https://x/", "https is not supported"},
      {"http://a b/", "blank"},
      {"http://host:99999/", "99999"},
      {"command:", "no program"},
      {"command:'x", "quote is not closed"},
  };
  for (const auto& [text, why] : refused) {
    CAPTURE(text);
    const auto spec = parse_probe(text, kBroker);
    REQUIRE_FALSE(spec.has_value());
    CAPTURE(spec.error().to_string());
    CHECK(spec.error().message.find(why) != std::string::npos);
    CHECK_FALSE(spec.error().advice.empty());
  }
  CHECK_FALSE(
      parse_probe("tcp-exchange:" + std::string(2000, 'x') + "/y", kBroker)
          .has_value());
}

}  // namespace
}  // namespace waypost::agent

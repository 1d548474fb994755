#include <algorithm>

#include "tests/wire/transport/fake_dns.h"
#include "tests/wire/transport/fixtures.h"
#include "tests/wire/transport/raw_peer.h"
#include "wire/transport/uv_loop.h"

namespace waypost::transport::test {
namespace {

using Addresses = base::Result<std::vector<std::string>>;

Addresses look_up(Loop& loop, const std::string& host,
                  base::Duration deadline = kDeadline) {
  std::optional<Addresses> outcome;
  const auto operation =
      loop.network().resolve(host, deadline, [&](auto result) {
        outcome = result.map([](const auto& found) { return found.addresses; });
      });
  CHECK_FALSE(outcome.has_value());
  run_until(loop, [&] { return outcome.has_value(); });
  return *outcome;
}

}  // namespace

TEST_CASE("a numeric host is its own address and nobody is asked") {
  const FakeDns dns({});
  UvLoop loop(ResolverOptions{.servers = dns.servers()});
  CHECK(look_up(loop, "10.1.2.3") == std::vector<std::string>{"10.1.2.3"});
  CHECK(look_up(loop, "fd00::1") == std::vector<std::string>{"fd00::1"});
  CHECK(dns.questions() == 0);
}

TEST_CASE("an answer says how long it holds, a numeric host holds for ever") {
  const FakeDns dns({{"four.test", {{"127.0.0.9"}}}});
  UvLoop loop(ResolverOptions{.servers = dns.servers()});
  for (const auto& [host, ttl] :
       {std::pair{"four.test", 60s}, std::pair{"10.1.2.3", 0s}}) {
    std::optional<base::Result<ResolvedHost>> outcome;
    const auto operation = loop.network().resolve(
        host, kDeadline, [&](auto result) { outcome = std::move(result); });
    run_until(loop, [&] { return outcome.has_value(); });
    REQUIRE(outcome->has_value());
    CHECK((*outcome)->ttl == ttl);
  }
}

TEST_CASE("names of the hosts file need no server") {
  const FakeDns dns({});
  UvLoop loop(ResolverOptions{.servers = dns.servers()});
  const auto addresses = look_up(loop, "localhost");
  REQUIRE(addresses.has_value());
  CHECK(std::find(addresses->begin(), addresses->end(), "127.0.0.1") !=
        addresses->end());
  CHECK(dns.questions() == 0);
}

TEST_CASE("all addresses of a name come, of both families, each once") {
  const FakeDns dns(
      {{"both.test",
        {.addresses = {"127.0.0.2", "127.0.0.3", "::1", "127.0.0.2"}}}});
  UvLoop loop(ResolverOptions{.servers = dns.servers()});
  auto addresses = look_up(loop, "both.test");
  REQUIRE_MESSAGE(addresses.has_value(), addresses.error().to_string());
  std::sort(addresses->begin(), addresses->end());
  CHECK(*addresses ==
        std::vector<std::string>{"127.0.0.2", "127.0.0.3", "::1"});
}

TEST_CASE("a name of one family only is found") {
  const FakeDns dns({{"six.test", {.addresses = {"::1"}}},
                     {"four.test", {.addresses = {"127.0.0.9"}}}});
  UvLoop loop(ResolverOptions{.servers = dns.servers()});
  CHECK(look_up(loop, "six.test") == std::vector<std::string>{"::1"});
  CHECK(look_up(loop, "four.test") == std::vector<std::string>{"127.0.0.9"});
}

TEST_CASE("an unknown name is an error that names it") {
  const FakeDns dns({});
  UvLoop loop(ResolverOptions{.servers = dns.servers()});
  for (const std::string host : {"none.test", "not a name", "a..b", ""}) {
    const auto addresses = look_up(loop, host, 5s);
    REQUIRE_FALSE(addresses.has_value());
    CHECK(addresses.error().message.find("'" + host + "'") !=
          std::string::npos);
  }
  CHECK(look_up(loop, "none.test").error().code == base::ErrorCode::kNotFound);
}

TEST_CASE("lost questions are asked again within the deadline") {
  const FakeDns dns(
      {{"lossy.test", {.addresses = {"127.0.0.4"}, .silent_questions = 4}}});
  UvLoop loop(ResolverOptions{.servers = dns.servers()});
  // Two of them after an eighth, two after a quarter more.
  const auto addresses = look_up(loop, "lossy.test", 4s);
  REQUIRE_MESSAGE(addresses.has_value(), addresses.error().to_string());
  CHECK(*addresses == std::vector<std::string>{"127.0.0.4"});
}

TEST_CASE("a silent server costs the deadline and no more") {
  const FakeDns dns(
      {{"silent.test", {.addresses = {}, .silent_questions = -1}}});
  UvLoop loop(ResolverOptions{.servers = dns.servers()});
  const auto before = loop.now();
  const auto addresses = look_up(loop, "silent.test", 150ms);
  REQUIRE_FALSE(addresses.has_value());
  CHECK(addresses.error().code == base::ErrorCode::kTimedOut);
  CHECK(loop.now() - before >= 150ms);
}

TEST_CASE("a server that refuses is told as unavailable, not waited for") {
  const ClosedPort nobody;
  UvLoop loop(ResolverOptions{.servers = nobody.endpoint().to_string()});
  const auto addresses = look_up(loop, "any.test", 1400ms);
  REQUIRE_FALSE(addresses.has_value());
  CHECK(addresses.error().code != base::ErrorCode::kNotFound);
}

TEST_CASE("addresses of one family are told though the other is not answered") {
  const FakeDns dns(
      {{"half.test", {.addresses = {"127.0.0.7"}, .ipv6_silent = true}}});
  UvLoop loop(ResolverOptions{.servers = dns.servers()});
  // What is left for telling is an eighth of the deadline, in which a busy
  // machine may stand still.
  auto addresses = look_up(loop, "half.test", 1s);
  for (int more = 0; more < 4 && !addresses; ++more) {
    addresses = look_up(loop, "half.test", 1s);
  }
  REQUIRE_MESSAGE(addresses.has_value(), addresses.error().to_string());
  CHECK(*addresses == std::vector<std::string>{"127.0.0.7"});
}

TEST_CASE("answers that make no sense are an error, in time") {
  // Flags and counts of an answer, then: nothing; a record that is cut off; a
  // name that points at itself.
  const std::string head("\x81\x80\0\1\0\1\0\0\0\0", 10);
  const FakeDns dns(
      {{"short.test", {.garbage = "x"}},
       {"empty.test", {.garbage = head}},
       {"cut.test", {.garbage = head + std::string("\3abc\0\0\1", 7)}},
       {"loop.test", {.garbage = head + "\xc0\x0c\xc0\x0c\xc0\x0c"}},
       {"noise.test", {.garbage = std::string(500, '\x5a')}},
       {"known.test", {.addresses = {"127.0.0.5"}}}});
  UvLoop loop(ResolverOptions{.servers = dns.servers()});
  for (const char* host :
       {"short.test", "empty.test", "cut.test", "loop.test", "noise.test"}) {
    CAPTURE(host);
    CHECK_FALSE(look_up(loop, host, 800ms));  // in time, or it fails
  }
  CHECK(look_up(loop, "known.test"));
}

TEST_CASE("a name server that was gone is asked again by the next lookup") {
  std::string servers;
  {
    const FakeDns dns({});
    servers = dns.servers();
  }
  UvLoop loop(ResolverOptions{.servers = servers});
  CHECK_FALSE(look_up(loop, "known.test", 300ms));
  const FakeDns dns({{"known.test", {.addresses = {"127.0.0.5"}}}}, servers);
  CHECK(look_up(loop, "known.test"));
}

TEST_CASE("a lookup can be cancelled at any time") {
  const FakeDns dns({{"silent.test", {.addresses = {}, .silent_questions = -1}},
                     {"known.test", {.addresses = {"127.0.0.5"}}}});
  UvLoop loop(ResolverOptions{.servers = dns.servers()});
  const auto must_not = [](auto) { FAIL("called after it was cancelled"); };
  // Before the first turn, while waiting, and when the answer has come.
  for (const std::string host : {"silent.test", "known.test", "127.0.0.1"}) {
    auto operation = loop.network().resolve(host, kDeadline, must_not);
    operation.reset();
  }
  auto operation = loop.network().resolve("silent.test", kDeadline, must_not);
  const int asked = dns.questions();
  run_until(loop, [&] { return dns.questions() > asked; });
  operation.reset();
  // Others are not disturbed.
  CHECK(look_up(loop, "known.test").has_value());
}

TEST_CASE("a lookup may be destroyed in its own callback") {
  const FakeDns dns({{"known.test", {.addresses = {"127.0.0.5"}}}});
  UvLoop loop(ResolverOptions{.servers = dns.servers()});
  for (const std::string host : {"known.test", "none.test", "127.0.0.1"}) {
    std::unique_ptr<Operation> operation;
    bool done = false;
    operation = loop.network().resolve(host, kDeadline, [&](auto) {
      operation.reset();
      done = true;
    });
    run_until(loop, [&] { return done; });
  }
}

TEST_CASE("connecting to a name tries its addresses one after another") {
  const FakeDns dns({{"two.test", {.addresses = {"127.0.0.2", "127.0.0.3"}}}});
  UvLoop loop(ResolverOptions{.servers = dns.servers()});
  const auto listener = listen_on(
      loop, [](auto) {}, {}, "127.0.0.3");
  const auto connected = connect_to(loop, {"two.test", listener->local().port});
  REQUIRE_MESSAGE(connected.has_value(), connected.error().to_string());
  CHECK((*connected)->peer() == listener->local());
}

TEST_CASE("a hung first address leaves its share of the deadline to the next") {
  const FakeDns dns({{"two.test", {.addresses = {"127.0.0.2", "127.0.0.3"}}}});
  UvLoop loop(ResolverOptions{.servers = dns.servers()});
  const auto listener = listen_on(
      loop, [](auto) {}, {}, "127.0.0.3");
  const HungListener hung("127.0.0.2", listener->local().port);
  const auto before = loop.now();
  const auto connected =
      connect_to(loop, {"two.test", listener->local().port}, 3s);
  REQUIRE_MESSAGE(connected.has_value(), connected.error().to_string());
  CHECK((*connected)->peer().host == "127.0.0.3");
  CHECK(loop.now() - before >= 1s);
}

TEST_CASE("one deadline covers the lookup and connecting") {
  const FakeDns dns(
      {{"silent.test", {.addresses = {}, .silent_questions = -1}}});
  UvLoop loop(ResolverOptions{.servers = dns.servers()});
  const auto connected = connect_to(loop, {"silent.test", 1}, 100ms);
  REQUIRE_FALSE(connected.has_value());
  CHECK(connected.error().code == base::ErrorCode::kTimedOut);
  CHECK(connected.error().message.find("silent.test:1") != std::string::npos);
}

TEST_CASE("a connect that is still looking its name up can be cancelled") {
  const FakeDns dns(
      {{"silent.test", {.addresses = {}, .silent_questions = -1}}});
  UvLoop loop(ResolverOptions{.servers = dns.servers()});
  auto operation =
      loop.network().connect({"silent.test", 1}, kDeadline, {},
                             [](auto) { FAIL("called after cancelling"); });
  bool turn = false;
  loop.post([&] { turn = true; });
  run_until(loop, [&] { return turn; });
  operation.reset();
}

}  // namespace waypost::transport::test

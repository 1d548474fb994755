#include "base/options.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace waypost::base {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// A settings struct as programs have it, with its table.
struct Settings {
  Duration scan_interval = seconds(10);
  std::size_t frame_max = 16 << 20;
  std::int64_t threads = 2;
  bool brake = true;
  std::string data_dir = "/var/lib/waypost";
  std::vector<std::string> probes = {"tcp"};
  Endpoint listen{"0.0.0.0", 9876};
  std::vector<Endpoint> nameservers;
  std::size_t format = 0;
  OptionTable table;

  Settings() {
    table.duration("liveness.scan-interval", scan_interval, milliseconds(100),
                   hours(1), "How often.");
    table.bytes("limits.frame-max", frame_max, 1024, 1 << 30, "Largest frame.");
    table.number("threads", threads, 1, 64, "I/O loops.");
    table.flag("liveness.expiry-brake", brake, "Holds back.");
    table.text("data-dir", data_dir, "Where.");
    table.text_list("probe", probes, "What to ask.");
    table.endpoint("listen", listen, "Where to listen.");
    table.endpoints("nameservers", nameservers, "Whom to ask.");
    table.choice("log.format", format, {"text", "json"}, "Form.");
  }
};

TEST_CASE("durations are read with their unit and written back exactly") {
  CHECK(parse_duration("1.5s") == milliseconds(1500));
  CHECK(parse_duration("250ms") == milliseconds(250));
  CHECK(parse_duration("2m") == minutes(2));
  CHECK(parse_duration("1h") == hours(1));
  CHECK(parse_duration("10us") == microseconds(10));
  CHECK(parse_duration("0") == Duration{0});
  CHECK(parse_duration("0s") == Duration{0});
  CHECK(parse_duration("0.000000001s") == nanoseconds(1));
  CHECK(parse_duration("2562047h").has_value());
  for (const Duration each :
       {Duration(seconds(120)), Duration(minutes(10)), Duration(hours(3)),
        Duration(milliseconds(1500)), Duration(seconds(601)), Duration(1),
        Duration{0}}) {
    CAPTURE(format_duration(each));
    CHECK(parse_duration(format_duration(each)) == each);
  }
  CHECK(format_duration(seconds(120)) == "120s");
  CHECK(format_duration(hours(1)) == "1h");
  CHECK(format_duration(milliseconds(1500)) == "1500ms");
  CHECK(format_duration(milliseconds(-1500)) == "-1500ms");
  CHECK(format_duration(-hours(1)) == "-1h");
  CHECK(format_duration(Duration::max()) == "9223372036854775807ns");
  CHECK(format_duration(Duration::min()) == "-9223372036854775808ns");
}

TEST_CASE("what is not a duration is refused with what is wrong with it") {
  for (const char* bad :
       {"", "s", "10", "1.s", ".5s", "-1s", "+1s", "1 s", "1x", "1.5", "1S",
        "1s ", "2562048h", "99999999999999999999s", "1e3s", "0x1s"}) {
    CAPTURE(bad);
    const auto parsed = parse_duration(bad);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == ErrorCode::kInvalidArgument);
    CHECK(parsed.error().message.find(std::string("'") + bad + "'") !=
          std::string::npos);
    CHECK_FALSE(parsed.error().advice.empty());
  }
  CHECK(parse_duration("10").error().message ==
        "'10' is not a duration: it has no unit");
}

TEST_CASE("sizes are read in binary units and written back exactly") {
  CHECK(parse_bytes("1000") == 1000U);
  CHECK(parse_bytes("64KiB") == 65536U);
  CHECK(parse_bytes("16MiB") == std::uint64_t{16} << 20U);
  CHECK(parse_bytes("1TiB") == std::uint64_t{1} << 40U);
  CHECK(parse_bytes("7B") == 7U);
  for (const std::uint64_t each : {0ULL, 1ULL, 1023ULL, 1024ULL, 1536ULL,
                                   1ULL << 20U, 3ULL << 30U, ~0ULL}) {
    CHECK(parse_bytes(format_bytes(each)) == each);
  }
  for (const char* bad : {"", "KiB", "1KB", "1k", "-1", "1.5MiB",
                          "18446744073709551616", "16777216TiB"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_bytes(bad).has_value());
  }
}

TEST_CASE("every kind of option is set by key and shows its value") {
  Settings settings;
  OptionTable& table = settings.table;
  CHECK(table.set("liveness.scan-interval", "500ms"));
  CHECK(table.set("limits.frame-max", "1MiB"));
  CHECK(table.set("threads", "4"));
  CHECK(table.set("liveness.expiry-brake", "off"));
  CHECK(table.set("data-dir", "/tmp/x"));
  CHECK(table.set("listen", "[::1]:0"));
  CHECK(table.set("log.format", "json"));
  CHECK(settings.scan_interval == milliseconds(500));
  CHECK(settings.frame_max == 1U << 20U);
  CHECK(settings.threads == 4);
  CHECK_FALSE(settings.brake);
  CHECK(settings.data_dir == "/tmp/x");
  CHECK(settings.listen.to_string() == "[::1]:0");
  CHECK(settings.format == 1);
  CHECK(table.find("log.format")->get() == "json");
  CHECK(table.find("log.format")->default_text == "text");
  CHECK(table.find("liveness.scan-interval")->default_text == "10s");
}

TEST_CASE("the first value of a list replaces the default, others are added") {
  Settings settings;
  CHECK(settings.table.set("probe", "mqtt"));
  CHECK(settings.table.set("probe", "command:/bin/true, indeed"));
  CHECK(settings.probes ==
        std::vector<std::string>{"mqtt", "command:/bin/true, indeed"});
  CHECK(settings.table.set("nameservers", "a:1,b:2"));
  CHECK(settings.table.set("nameservers", "c:3"));
  CHECK(settings.table.find("nameservers")->get() == "a:1,b:2,c:3");
  const Status twice = settings.table.set("nameservers", "b:2");
  REQUIRE_FALSE(twice.has_value());
  CHECK(twice.error().message == "nameservers: address b:2 is listed twice");
}

TEST_CASE("a wrong value is refused with its key, itself and what is allowed") {
  Settings settings;
  const struct {
    const char* key;
    const char* value;
    const char* message;
    const char* advice;
  } cases[] = {
      {"liveness.scan-interval", "10",
       "liveness.scan-interval: '10' is not a duration: it has no unit",
       "allowed: 100ms to 1h"},
      {"liveness.scan-interval", "99ms",
       "liveness.scan-interval: '99ms' is out of range",
       "allowed: 100ms to 1h"},
      {"liveness.scan-interval", "61m",
       "liveness.scan-interval: '61m' is out of range", "allowed: 100ms to 1h"},
      {"limits.frame-max", "2GiB", "limits.frame-max: '2GiB' is out of range",
       "allowed: 1KiB to 1GiB"},
      {"threads", "0", "threads: '0' is out of range", "allowed: 1 to 64"},
      {"threads", "99999999999999999999",
       "threads: '99999999999999999999' is out of range", "allowed: 1 to 64"},
      {"threads", "4x", "threads: '4x' is not a whole number",
       "allowed: 1 to 64"},
      {"liveness.expiry-brake", "yes",
       "liveness.expiry-brake: 'yes' is neither on nor off",
       "allowed: on, off"},
      {"log.format", "xml", "log.format: 'xml' is not one of the choices",
       "allowed: text, json"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.key);
    const Status status = settings.table.set(each.key, each.value);
    REQUIRE_FALSE(status.has_value());
    CHECK(status.error().message == each.message);
    CHECK(status.error().advice == each.advice);
  }
  CHECK(settings.scan_interval == seconds(10));
  CHECK(settings.threads == 2);
}

TEST_CASE("the bounds themselves are allowed") {
  Settings settings;
  CHECK(settings.table.set("liveness.scan-interval", "100ms"));
  CHECK(settings.table.set("liveness.scan-interval", "1h"));
  CHECK(settings.table.set("threads", "1"));
  CHECK(settings.table.set("threads", "64"));
}

TEST_CASE("an unknown key suggests the nearest, or nothing when none is near") {
  const Settings settings;
  const OptionTable& table = settings.table;
  CHECK(table.unknown_key("livness.scan-interval").message ==
        "unknown key 'livness.scan-interval'");
  CHECK(table.unknown_key("livness.scan-interval").advice ==
        "did you mean 'liveness.scan-interval'?");
  CHECK(table.nearest("lsiten")->key == "listen");
  CHECK(table.nearest("scan-interval")->key == "liveness.scan-interval");
  CHECK(table.nearest("data.dir")->key == "data-dir");
  CHECK(table.nearest("colour") == nullptr);
  CHECK(table.unknown_key("colour").advice.empty());
  CHECK(table.nearest("") == nullptr);
  CHECK(table.nearest(std::string(100'000, 'x')) == nullptr);
}

TEST_CASE("edit distance counts additions, removals, changes and swaps") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("listen", "lsiten") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("abc", "abc") == 0);
}

TEST_CASE("a key is an environment variable in capitals") {
  CHECK(environment_name("liveness.scan-interval") ==
        "WAYPOST_LIVENESS_SCAN_INTERVAL");
  CHECK(environment_name("listen") == "WAYPOST_LISTEN");
}

}  // namespace
}  // namespace waypost::base

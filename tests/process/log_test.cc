#include <algorithm>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "process/log_format.h"
#include "process/log_sink.h"
#include "tests/process/temporary_file.h"

namespace waypost::process {
namespace {

using base::LogComponent;
using base::LogLevel;

const base::WallTime kNow =
    base::WallTime(std::chrono::seconds(1'700'000'000)) +
    std::chrono::milliseconds(7);

std::string text_value(std::string_view value) {
  const std::string line = format_text_line(
      kNow, LogLevel::kInfo, LogComponent::kRegistry, "m", {{"k", value}});
  return line.substr(line.find("k=") + 2);
}

nlohmann::json json_line(std::string_view message, base::LogFields fields) {
  return nlohmann::json::parse(format_json_line(
      kNow, LogLevel::kWarn, LogComponent::kAgent, message, fields));
}

TEST_CASE("a text line has time, level, component, message and fields") {
  CHECK(format_text_line(
            kNow, LogLevel::kWarn, LogComponent::kRegistry, "broker is suspect",
            {{"broker", "a/0"}, {"silent-ms", 5000}, {"ok", false}}) ==
        "2023-11-14T22:13:20.007Z WARN  registry  broker is suspect "
        "broker=a/0 silent-ms=5000 ok=false");
}

TEST_CASE("a JSON line keeps numbers and booleans as such") {
  const auto json =
      json_line("said \"no\"", {{"broker", "a/0"}, {"n", -3}, {"ok", true}});
  CHECK(json["time"] == "2023-11-14T22:13:20.007Z");
  CHECK(json["level"] == "warn");
  CHECK(json["component"] == "agent");
  CHECK(json["message"] == "said \"no\"");
  CHECK(json["broker"] == "a/0");
  CHECK(json["n"] == -3);
  CHECK(json["ok"] == true);
}

TEST_CASE("a hostile broker name cannot start a line of its own") {
  const std::string name =
      "x\n2023-11-14T22:13:20.007Z ERROR main all is lost\r\x1b[2J";
  const std::string line =
      format_text_line(kNow, LogLevel::kInfo, LogComponent::kRegistry,
                       "registered " + name, {{"broker", name}});
  CHECK(std::none_of(line.begin(), line.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  }));
  const std::string json =
      format_json_line(kNow, LogLevel::kInfo, LogComponent::kRegistry,
                       "registered " + name, {{"broker", name}});
  CHECK(json.find('\n') == std::string::npos);
  CHECK(nlohmann::json::parse(json)["broker"] == name);
}

TEST_CASE("a value cannot pass for another field") {
  CHECK(text_value("a b=c") == R"("a b=c")");
  CHECK(text_value("a=b") == R"("a=b")");
  CHECK(text_value("") == R"("")");
  CHECK(text_value("say \"x\" \\") == R"("say \"x\" \\")");
  CHECK(text_value("plain/0:80") == "plain/0:80");
}

TEST_CASE("what is no UTF-8 or acts on a terminal is escaped") {
  CHECK(text_value("caf\xc3\xa9") == "\"caf\xc3\xa9\"");
  CHECK(text_value("\xff\xfe") == R"("\xff\xfe")");
  CHECK(text_value("\xc0\x80") == R"("\xc0\x80")");          // overlong
  CHECK(text_value("\xed\xa0\x80") == R"("\xed\xa0\x80")");  // surrogate
  CHECK(text_value("\xe2\x80\xae") == R"("\u202e")");  // turns text around
  CHECK(text_value("\xc2\x9b") == R"("\x9b")");        // CSI in one byte
  CHECK(text_value("\xf0\x9f") == R"("\xf0\x9f")");    // cut off
  CHECK(text_value(std::string_view("\0", 1)) == R"("\x00")");
}

TEST_CASE("any bytes make one line, and JSON stays JSON") {
  base::Random random(11);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(random.below(40), '\0');
    for (char& c : bytes) c = static_cast<char>(random.below(256));
    const std::string text = format_text_line(
        kNow, LogLevel::kInfo, LogComponent::kMain, bytes, {{"k", bytes}});
    CHECK(text.find('\n') == std::string::npos);
    const auto json = json_line(bytes, {{"k", bytes}});
    CHECK(json["k"].is_string());
    CHECK(json["message"].is_string());
  }
}

TEST_CASE("the log writes what its levels let through, and they may change") {
  const TemporaryFile file;
  LogSettings settings;
  settings.file = file.path();
  settings.level = "warn,agent=debug";
  const auto log = ProcessLog::open(settings);
  REQUIRE(log.has_value());
  const base::Logger logger = (*log)->logger();
  logger.info("hidden");
  logger.warn("shown {} %s", {{"n", 1}});
  logger.for_component(LogComponent::kAgent).debug("agent speaks");
  CHECK((*log)->set_levels("info"));
  logger.info("now shown");
  CHECK_FALSE((*log)->set_levels("loud"));
  const std::string text = file.read();
  CHECK(text.find("hidden") == std::string::npos);
  CHECK(text.find("shown {} %s n=1\n") != std::string::npos);
  CHECK(text.find("agent speaks") != std::string::npos);
  CHECK(text.find("now shown") != std::string::npos);
}

TEST_CASE("reload opens a rotated file anew and takes the level of the file") {
  const TemporaryFile file;
  const TemporaryFile config("log.level = debug\n");
  LogSettings settings;
  settings.file = file.path();
  settings.format = 1;
  const auto log = ProcessLog::open(settings);
  REQUIRE(log.has_value());
  const base::Logger logger = (*log)->logger();
  logger.info("before");
  const std::string moved = file.path() + ".1";
  REQUIRE(std::rename(file.path().c_str(), moved.c_str()) == 0);
  CHECK((*log)->reload(config.path()));
  logger.debug("after");
  CHECK(nlohmann::json::parse(file.read())["message"] == "after");
  CHECK(std::remove(moved.c_str()) == 0);

  config.write("log.level = loud\n");
  const base::Status status = (*log)->reload(config.path());
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().message.starts_with(config.path() + ":1: "));
}

TEST_CASE("lines of several threads stay whole") {
  const TemporaryFile file;
  LogSettings settings;
  settings.file = file.path();
  const auto log = ProcessLog::open(settings);
  REQUIRE(log.has_value());
  const std::string long_value(500, 'x');
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const base::Logger logger = (*log)->logger();
      for (int n = 0; n < 200; ++n) logger.info("line", {{"v", long_value}});
    });
  }
  for (int i = 0; i < 20; ++i) CHECK((*log)->reload(""));
  for (auto& thread : threads) thread.join();
  const std::string text = file.read();
  std::size_t lines = 0;
  for (std::size_t at = 0; at < text.size(); ++lines) {
    const auto end = text.find('\n', at);
    REQUIRE(end != std::string::npos);
    CHECK(text.substr(at, end - at).ends_with("v=" + long_value));
    at = end + 1;
  }
  CHECK(lines == 800);
}

TEST_CASE("a log file that cannot be opened is an error, not a crash") {
  LogSettings settings;
  // spdlog makes missing folders where it may, so name one that cannot be.
  settings.file = "/proc/none/log";
  const auto log = ProcessLog::open(settings);
  REQUIRE_FALSE(log.has_value());
  CHECK(log.error().message.starts_with("log.file: "));
}

}  // namespace
}  // namespace waypost::process

#include "broker_agent/sidecar/topic_file.h"

#include <doctest/doctest.h>

#include "base/random.h"
#include "broker_agent/sidecar/topic_watcher.h"
#include "tests/support/sim/sim_world.h"
#include "tests/support/temp_dir.h"

namespace waypost::agent {
namespace {

using namespace std::chrono_literals;

TEST_CASE("topics are read with their defaults") {
  const auto topics = parse_topics(
      R"({"topics": [
        {"name": "payments", "read_queues": 8, "write_queues": 2,
         "permission": "r"},   // a comment
        {"name": "orders"}
      ]})",
      "t.json");
  REQUIRE(topics.has_value());
  REQUIRE(topics->size() == 2);
  const auto& orders = topics->topics()[0];
  CHECK(orders.name.value() == "orders");
  CHECK(orders.queues.read_queues == 4);
  CHECK(orders.queues.write_queues == 4);
  CHECK(orders.queues.permission.to_string() == "rw");
  const auto& payments = topics->topics()[1];
  CHECK(payments.queues.read_queues == 8);
  CHECK(payments.queues.write_queues == 2);
  CHECK(payments.queues.permission.to_string() == "r");
  CHECK(parse_topics(R"({"topics": []})", "t.json")->size() == 0);
}

TEST_CASE("errors name file, line and what is wrong there") {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"", "t.json:1: not JSON"},
      {"{\n\"topics\": [\n  {\"name\": \"a\",\n]}", "t.json:4: not JSON"},
      {"{\"topics\": [{\"name\": \"a\"}]", "t.json:1: not JSON"},
      {"[]", "t.json:1: the file is a list"},
      {"{}", "\"topics\" is missing"},
      {"{\n\"topic\": []}", "t.json:2: unknown key \"topic\""},
      {"{\"topics\": 3}", "\"topics\" must be a list"},
      {"{\"topics\": [\n\"orders\"]}", "t.json:2: a topic must be an object"},
      {"{\"topics\": [[]]}", "a topic must be an object"},
      {"{\"topics\": [\n{\"queues\": 3}]}", "t.json:2: unknown key"},
      {"{\"topics\": [\n{\"read_queues\": 3}\n]}", "t.json:2: a topic without"},
      {"{\"topics\": [{\"name\": \"a\", \"read_queues\": -1}]}",
       "\"read_queues\" cannot be the negative number -1"},
      {"{\"topics\": [{\"name\": \"a\",\n \"read_queues\": 1.5\n}]}",
       "t.json:2: \"read_queues\" cannot be the number 1.5"},
      {"{\"topics\": [{\"name\": \"a\",\n \"read_queues\": 70000\n}]}",
       "t.json:2: read_queues is 70000, at most 65536"},
      {"{\"topics\": [{\"name\": \"a\", \"read_queues\": \"4\"}]}",
       "\"read_queues\" cannot be a text"},
      {"{\"topics\": [{\"name\": 4}]}", "\"name\" cannot be"},
      {"{\"topics\": [{\"name\": null}]}", "\"name\" cannot be null"},
      {"{\"topics\": [{\"name\": \"a\", \"permission\": \"x\"}]}",
       "permission \"x\", allowed are rw"},
      {"{\"topics\": [{\"name\": \"a b\"}]}", "topic name 'a b'"},
      {"{\"topics\": [{\"name\": \"a\"},\n{\"name\": \"b\"},\n"
       "{\"name\": \"a\"}]}",
       "t.json:3: topic a is named twice, first in line 1"},
      {"{\"topics\": []}\n]", "t.json:2: not JSON"},
      {"{\"topics\": [], \"topics\": []}", "there twice"},
  };
  for (const auto& [text, why] : cases) {
    CAPTURE(text);
    const auto topics = parse_topics(text, "t.json");
    REQUIRE_FALSE(topics.has_value());
    CAPTURE(topics.error().message);
    CHECK(topics.error().message.starts_with("t.json"));
    CHECK(topics.error().message.find(why) != std::string::npos);
  }
}

TEST_CASE("damaged files are errors, never crashes") {
  const std::string good =
      R"({"topics": [{"name": "orders", "read_queues": 4, "permission": "rw"},
          {"name": "b", "write_queues": 12}]})";
  REQUIRE(parse_topics(good, "t").has_value());
  base::Random random(5);
  int refused = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string text = good;
    for (int n = 0; n < 3; ++n) {
      text[random.below(text.size())] = static_cast<char>(random.below(256));
    }
    if (random.chance(0.2)) text.resize(random.below(text.size()));
    const auto topics = parse_topics(text, "t");
    if (topics) continue;
    ++refused;
    REQUIRE(topics.error().message.starts_with("t:"));
  }
  CHECK(refused > 3000);
  // Depth costs nothing: the second level is refused.
  CHECK_FALSE(parse_topics(std::string(1'000'000, '['), "t").has_value());
}

TEST_CASE("a missing file says so") {
  const auto topics = read_topic_file("/nonexistent/t.json");
  REQUIRE_FALSE(topics.has_value());
  CHECK(topics.error().message ==
        "cannot read topic file /nonexistent/t.json: No such file or "
        "directory");
}

// --- Watching ---

struct Recorder : base::LogSink {
  void write(base::LogLevel, base::LogComponent, std::string_view message,
             base::LogFields fields) override {
    lines.emplace_back(message);
    for (const auto& field : fields) lines.back() += " " + field.value;
  }
  std::vector<std::string> lines;
};

TEST_CASE(
    "a changed file is read within a second, a broken one changes nothing") {
  sim::SimWorld world;
  auto& node = world.add_node("agent", "10.0.0.1");
  support::TempDir dir;
  const std::string file = dir / "topics.json";
  support::write_file(file, R"({"topics": [{"name": "a"}]})");
  Recorder recorder;
  base::LogLevels levels;
  std::vector<TopicListPtr> seen;
  TopicWatcher watcher(
      node.executor(), file,
      [&](TopicListPtr topics) { seen.push_back(std::move(topics)); },
      base::Logger(&recorder, &levels, base::LogComponent::kAgent));
  watcher.start();
  world.run_for(5s);
  CHECK(seen.empty());

  support::write_file(file, R"({"topics": [{"name": "a"}, {"name": "b"}]})");
  world.run_for(1100ms);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0]->size() == 2);

  support::write_file(file, "{\"topics\": [\n{\"name\": }]}");
  world.run_for(5s);
  CHECK(seen.size() == 1);
  REQUIRE(recorder.lines.size() == 1);
  CHECK(recorder.lines[0].find("stay as they were") != std::string::npos);
  CHECK(recorder.lines[0].find("topics.json:2: not JSON") != std::string::npos);

  std::filesystem::remove(file);
  world.run_for(5s);
  CHECK(recorder.lines.size() == 2);
  CHECK(seen.size() == 1);

  support::write_file(file, R"({"topics": [{"name": "c"}]})");
  world.run_for(1100ms);
  CHECK(seen.size() == 2);
  watcher.reload();
  CHECK(seen.size() == 3);
}

}  // namespace
}  // namespace waypost::agent

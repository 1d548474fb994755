#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "waypost/client.h"
#include "waypost/testing/mock_nameserver.hpp"

namespace waypost {
namespace {

using testing::MockNameserver;

constexpr std::int64_t kSecond = 1'000'000'000;

struct OptionsHandle {
  waypost_options* const handle = waypost_options_new();
  OptionsHandle() = default;
  OptionsHandle(const OptionsHandle&) = delete;
  OptionsHandle& operator=(const OptionsHandle&) = delete;
  ~OptionsHandle() { waypost_options_free(handle); }

  // "" or the error's text.
  std::string set(const char* key, const std::string& value) {
    waypost_error* error = nullptr;
    const auto code = waypost_options_set(handle, key, value.c_str(), &error);
    CHECK((code == WAYPOST_OK) == (error == nullptr));
    CHECK(waypost_error_code(error) == code);
    std::string text = waypost_error_text(error);
    waypost_error_free(error);
    return text;
  }
};

// A client of a nameserver that knows one topic at two brokers.
class World {
 public:
  explicit World(const waypost_handlers* handlers = nullptr)
      : nameserver_(MockNameserver::start()) {
    REQUIRE(nameserver_);
    nameserver_->set_route("orders", {{"broker-a", "127.0.0.1:1001"},
                                      {"broker-b", "127.0.0.1:1002"}});
    OptionsHandle options;
    CHECK(options.set("client.nameservers", nameserver_->address()) == "");
    REQUIRE(waypost_client_create(options.handle, handlers, &client_,
                                  nullptr) == WAYPOST_OK);
    REQUIRE(waypost_client_topic(client_, "orders", &topic_, nullptr) ==
            WAYPOST_OK);
    waypost_route* route = nullptr;
    REQUIRE(waypost_client_route(client_, "orders", 10 * kSecond, &route,
                                 nullptr) == WAYPOST_OK);
    waypost_route_free(route);
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() {
    waypost_topic_free(topic_);
    waypost_client_free(client_);
  }

  waypost_client* client() const { return client_; }
  waypost_topic* topic() const { return topic_; }
  MockNameserver& nameserver() { return *nameserver_; }

  waypost_pick pick(const waypost_pick_options* options = nullptr) const {
    waypost_pick pick{};
    pick.struct_size = sizeof pick;
    CHECK(waypost_topic_pick(topic_, options, &pick, nullptr) == WAYPOST_OK);
    return pick;
  }

 private:
  Result<MockNameserver> nameserver_;
  waypost_client* client_ = nullptr;
  waypost_topic* topic_ = nullptr;
};

std::vector<std::string>& texts_of(void* context) {
  return *static_cast<std::vector<std::string>*>(context);
}

void keep_event(void* context, const waypost_event* event) {
  texts_of(context).push_back(std::to_string(waypost_event_what(event)) + " " +
                              waypost_event_topic(event) + "|" +
                              waypost_event_broker(event));
  CHECK(waypost_event_unix_time_ns(event) > 0);
  CHECK(std::string(waypost_event_text(event)).size() > 3);
}

bool has(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

TEST_CASE("options are set by key, and a wrong one is told as text") {
  OptionsHandle options;
  CHECK(options.set("client.rpc-timeout", "500ms") == "");
  char* value = nullptr;
  CHECK(waypost_options_get(options.handle, "client.rpc-timeout", &value,
                            nullptr) == WAYPOST_OK);
  CHECK(std::string(value) == "500ms");
  waypost_text_free(value);
  CHECK(options.set("client.rpc-timeot", "1s").find("client.rpc-timeout") !=
        std::string::npos);
  CHECK(waypost_options_set(options.handle, nullptr, "1s", nullptr) ==
        WAYPOST_INVALID_ARGUMENT);
}

TEST_CASE("header and library are of one version, codes have names") {
  CHECK(std::string(waypost_version()) ==
        std::to_string(WAYPOST_VERSION_MAJOR) + "." +
            std::to_string(WAYPOST_VERSION_MINOR) + "." +
            std::to_string(WAYPOST_VERSION_PATCH));
  for (waypost_code code = WAYPOST_INTERNAL; code <= WAYPOST_DENIED; ++code) {
    CHECK(waypost_code_name(code) ==
          error_code_name(static_cast<ErrorCode>(code)));
  }
  CHECK(std::string(waypost_code_name(99)) == "unknown");
  CHECK(std::string(waypost_code_name(-1)) == "unknown");
}

TEST_CASE("a client without nameservers is refused, with the reason") {
  OptionsHandle options;
  waypost_client* client = nullptr;
  waypost_error* error = nullptr;
  CHECK(waypost_client_create(options.handle, nullptr, &client, &error) ==
        WAYPOST_INVALID_ARGUMENT);
  CHECK(client == nullptr);
  CHECK(std::string(waypost_error_text(error)).find("client.nameservers") !=
        std::string::npos);
  waypost_error_free(error);
}

TEST_CASE("a route is read part by part") {
  const World world;
  waypost_route* route = nullptr;
  REQUIRE(waypost_client_route(world.client(), "orders", kSecond, &route,
                               nullptr) == WAYPOST_OK);
  CHECK(waypost_route_group_count(route) == 2);
  waypost_group group{};
  group.struct_size = sizeof group;
  CHECK(waypost_route_group(route, 1, &group) == WAYPOST_OK);
  CHECK(std::string(group.name) == "broker-b");
  CHECK(group.replica_count == 1);
  CHECK(group.writable == 1);
  waypost_broker broker{};
  broker.struct_size = sizeof broker;
  CHECK(waypost_route_replica(route, 1, 0, &broker) == WAYPOST_OK);
  CHECK(std::string(broker.address) == "127.0.0.1:1002");
  CHECK(broker.port == 1002);
  CHECK(waypost_route_group(route, 2, &group) == WAYPOST_INVALID_ARGUMENT);
  CHECK(waypost_route_replica(route, 1, 1, &broker) ==
        WAYPOST_INVALID_ARGUMENT);
  CHECK(std::string(waypost_route_text(route)).starts_with("orders: "));
  CHECK(waypost_route_age_ns(route) >= 0);
  waypost_route_free(route);
}

TEST_CASE("a topic that nobody serves is an error, not a route") {
  const World world;
  waypost_route* route = nullptr;
  waypost_error* error = nullptr;
  CHECK(waypost_client_route(world.client(), "bills", 10 * kSecond, &route,
                             &error) == WAYPOST_NOT_FOUND);
  CHECK(route == nullptr);
  waypost_error_free(error);
}

TEST_CASE("picks take turns, keep to keys and avoid what they are told to") {
  const World world;
  const waypost_pick first = world.pick();
  CHECK(first.queue < 4);
  waypost_pick_options options{};
  options.struct_size = sizeof options;
  options.key = "customer 7";
  options.key_size = 10;
  const waypost_pick keyed = world.pick(&options);
  for (int i = 0; i < 5; ++i) {
    CHECK(world.pick(&options).queue == keyed.queue);
    CHECK(std::string(world.pick(&options).broker) == keyed.broker);
  }
  waypost_pick_options avoiding{};
  avoiding.struct_size = sizeof avoiding;
  avoiding.avoid = &first;
  avoiding.avoid_count = 1;
  for (int i = 0; i < 8; ++i) {
    CHECK(std::string(world.pick(&avoiding).broker) != first.broker);
  }
}

TEST_CASE("failures that are reported keep a broker from its turns") {
  const World world;
  const waypost_pick failed = world.pick();
  CHECK(waypost_client_report(world.client(), &failed, WAYPOST_FAILED,
                              kSecond) == WAYPOST_OK);
  for (int i = 0; i < 8; ++i) {
    CHECK(std::string(world.pick().broker) != failed.broker);
  }
  waypost_stats stats{};
  stats.struct_size = sizeof stats;
  CHECK(waypost_client_stats(world.client(), &stats) == WAYPOST_OK);
  CHECK(stats.avoided == 1);
  CHECK(stats.connected == 1);
  char* metrics = nullptr;
  CHECK(waypost_client_metrics(world.client(), &metrics, nullptr) ==
        WAYPOST_OK);
  const std::string text = metrics;
  CHECK(text.find("# TYPE waypost_client_avoided_brokers gauge\n"
                  "waypost_client_avoided_brokers{client=\"") !=
        std::string::npos);
  CHECK(text.find("\"} 1\n", text.find("waypost_client_avoided_brokers{")) !=
        std::string::npos);
  waypost_text_free(metrics);
  CHECK(waypost_client_report(world.client(), &failed, 7, 0) ==
        WAYPOST_INVALID_ARGUMENT);
  waypost_pick empty{};
  empty.struct_size = sizeof empty;
  CHECK(waypost_client_report(world.client(), &empty, WAYPOST_FAILED, 0) ==
        WAYPOST_INVALID_ARGUMENT);
}

waypost_outcome fail_first(void* context, const waypost_pick* pick,
                           std::int64_t budget_ns, char* why,
                           std::size_t why_size) {
  CHECK(budget_ns > 0);
  texts_of(context).emplace_back(pick->broker);
  if (texts_of(context).size() > 1) return WAYPOST_SUCCEEDED;
  std::snprintf(why, why_size, "disk full");
  return WAYPOST_FAILED;
}

waypost_outcome reject(void* /*context*/, const waypost_pick* /*pick*/,
                       std::int64_t /*budget_ns*/, char* why,
                       std::size_t why_size) {
  // All the room that there is, and no zero byte.
  std::fill(why, why + why_size, 'x');
  return WAYPOST_REJECTED;
}

TEST_CASE("a send tries another broker, and tells why it gave up") {
  const World world;
  std::vector<std::string> brokers;
  waypost_send_report report{};
  report.struct_size = sizeof report;
  CHECK(waypost_client_send(world.client(), "orders", fail_first, &brokers,
                            nullptr, &report, nullptr) == WAYPOST_OK);
  REQUIRE(brokers.size() == 2);
  CHECK(brokers[0] != brokers[1]);
  CHECK(report.attempts == 2);
  CHECK(report.elapsed_ns >= 0);

  waypost_error* error = nullptr;
  CHECK(waypost_client_send(world.client(), "orders", reject, nullptr, nullptr,
                            nullptr, &error) != WAYPOST_OK);
  CHECK(std::string(waypost_error_text(error)).find("xxx") !=
        std::string::npos);
  waypost_error_free(error);
}

TEST_CASE("events are polled, and told to a handler") {
  std::vector<std::string> events;
  waypost_handlers polled{};
  polled.struct_size = sizeof polled;
  polled.poll_events = 1;
  {
    World world(&polled);
    const waypost_pick pick = world.pick();
    waypost_client_report(world.client(), &pick, WAYPOST_FAILED, kSecond);
    const std::string avoided = std::to_string(WAYPOST_EVENT_BROKER_AVOIDED) +
                                " |" + std::string(pick.broker);
    const std::string changed =
        std::to_string(WAYPOST_EVENT_ROUTE_CHANGED) + " orders|";
    for (int i = 0; i < 20 && !(has(events, avoided) && has(events, changed));
         ++i) {
      waypost_client_poll_events(world.client(), 1, kSecond, keep_event,
                                 &events);
    }
    CHECK(has(events, avoided));
    CHECK(has(events, changed));

    world.nameserver().set_route("orders", {{"broker-b", "127.0.0.1:1002"}});
    CHECK(waypost_client_refresh(world.client(), "orders", 10 * kSecond,
                                 nullptr) == WAYPOST_OK);
    const std::string left =
        std::to_string(WAYPOST_EVENT_BROKER_LEFT) + " |broker-a";
    const std::string master =
        std::to_string(WAYPOST_EVENT_MASTER_CHANGED) + " |broker-a";
    for (int i = 0; i < 20 && !has(events, master); ++i) {
      waypost_client_poll_events(world.client(), 100, kSecond, keep_event,
                                 &events);
    }
    CHECK(has(events, left));
    CHECK(has(events, master));
  }
  std::vector<std::string> told;
  waypost_handlers handlers{};
  handlers.struct_size = sizeof handlers;
  handlers.context = &told;
  handlers.on_event = keep_event;
  { const World world(&handlers); }  // freed: no handler runs any more
  CHECK(has(told, std::to_string(WAYPOST_EVENT_ROUTE_CHANGED) + " orders|"));

  handlers.poll_events = 1;
  OptionsHandle options;
  CHECK(options.set("client.nameservers", "127.0.0.1:1") == "");
  waypost_client* client = nullptr;
  CHECK(waypost_client_create(options.handle, &handlers, &client, nullptr) ==
        WAYPOST_INVALID_ARGUMENT);
}

// What an asynchronous form told; read after the client has been freed.
struct Told {
  std::promise<waypost_code> done;
  std::string text;
};

void keep_route(void* context, waypost_code code, waypost_route* route,
                const waypost_error* error) {
  auto& told = *static_cast<Told*>(context);
  told.text =
      route != nullptr ? waypost_route_text(route) : waypost_error_text(error);
  waypost_route_free(route);
  told.done.set_value(code);
}

void keep_status(void* context, waypost_code code, const waypost_error* error) {
  auto& told = *static_cast<Told*>(context);
  told.text = waypost_error_text(error);
  told.done.set_value(code);
}

TEST_CASE("asynchronous forms tell once, also when the client is closed") {
  World world;
  Told route;
  CHECK(waypost_client_route_async(world.client(), "orders", 10 * kSecond,
                                   keep_route, &route, nullptr) == WAYPOST_OK);
  CHECK(route.done.get_future().get() == WAYPOST_OK);
  CHECK(route.text.starts_with("orders: broker-a"));
  Told missing;
  CHECK(waypost_client_route_async(world.client(), "bills", 10 * kSecond,
                                   keep_route, &missing,
                                   nullptr) == WAYPOST_OK);
  CHECK(missing.done.get_future().get() == WAYPOST_NOT_FOUND);
  CHECK(missing.text.starts_with("not-found: "));
  Told refreshed;
  CHECK(waypost_client_refresh_async(world.client(), "orders", 10 * kSecond,
                                     keep_status, &refreshed,
                                     nullptr) == WAYPOST_OK);
  CHECK(refreshed.done.get_future().get() == WAYPOST_OK);

  world.nameserver().hang();
  Told closed;
  CHECK(waypost_client_refresh_async(world.client(), nullptr, 60 * kSecond,
                                     keep_status, &closed,
                                     nullptr) == WAYPOST_OK);
  CHECK(waypost_client_close(world.client(), 5 * kSecond, nullptr) ==
        WAYPOST_OK);
  CHECK(closed.done.get_future().get() == WAYPOST_CANCELLED);
  CHECK(waypost_client_refresh_async(world.client(), nullptr, kSecond,
                                     keep_status, nullptr,
                                     nullptr) == WAYPOST_CANCELLED);

  waypost_client* client = nullptr;
  OptionsHandle options;
  CHECK(options.set("client.nameservers", "127.0.0.1:1") == "");
  CHECK(waypost_client_create_on_loop(nullptr, options.handle, nullptr, &client,
                                      nullptr) == WAYPOST_INVALID_ARGUMENT);
}

TEST_CASE("structs of an older header are smaller, and work") {
  const World world;
  // In: what is not there is the default. This one ends before `key`.
  struct {
    std::size_t struct_size;
    std::int32_t purpose;
    std::int32_t selector;
    unsigned char beyond[64];
  } old{};
  old.struct_size = offsetof(waypost_pick_options, key);
  std::fill(std::begin(old.beyond), std::end(old.beyond), 0xff);
  waypost_pick pick{};
  pick.struct_size = sizeof pick;
  CHECK(waypost_topic_pick(world.topic(),
                           reinterpret_cast<const waypost_pick_options*>(&old),
                           &pick, nullptr) == WAYPOST_OK);

  // Out: nothing is written beyond it.
  struct {
    std::size_t struct_size;
    std::uint64_t switches;
    std::uint64_t queries;
    unsigned char beyond[64];
  } small{};
  std::fill(std::begin(small.beyond), std::end(small.beyond), 0xff);
  small.struct_size = offsetof(waypost_stats, failures);
  CHECK(waypost_client_stats(world.client(), reinterpret_cast<waypost_stats*>(
                                                 &small)) == WAYPOST_OK);
  CHECK(small.queries > 0);
  CHECK(small.struct_size == offsetof(waypost_stats, failures));
  for (const unsigned char byte : small.beyond) CHECK(byte == 0xff);
}

TEST_CASE("structs of a newer header are larger: what is set is refused") {
  const World world;
  struct {
    waypost_pick_options known;
    std::uint64_t newer;
  } options{};
  options.known.struct_size = sizeof options;
  waypost_pick pick{};
  pick.struct_size = sizeof pick;
  CHECK(waypost_topic_pick(world.topic(), &options.known, &pick, nullptr) ==
        WAYPOST_OK);
  options.newer = 1;
  CHECK(waypost_topic_pick(world.topic(), &options.known, &pick, nullptr) ==
        WAYPOST_INVALID_ARGUMENT);

  struct {
    waypost_stats known;
    std::uint64_t newer;
  } stats{};
  stats.newer = 7;
  stats.known.struct_size = sizeof stats;
  CHECK(waypost_client_stats(world.client(), &stats.known) == WAYPOST_OK);
  CHECK(stats.newer == 0);

  for (const std::size_t none : {0ul, 1ul, ~0ul}) {
    pick.struct_size = none;
    CHECK(waypost_topic_pick(world.topic(), nullptr, &pick, nullptr) ==
          WAYPOST_INVALID_ARGUMENT);
  }
}

TEST_CASE("a closed client says so; NULL is refused, and freed") {
  const World world;
  CHECK(waypost_client_close(world.client(), 5 * kSecond, nullptr) ==
        WAYPOST_OK);
  CHECK(waypost_client_refresh(world.client(), nullptr, kSecond, nullptr) ==
        WAYPOST_CANCELLED);
  CHECK(waypost_client_refresh(nullptr, nullptr, kSecond, nullptr) ==
        WAYPOST_INVALID_ARGUMENT);
  waypost_client_free(nullptr);
  waypost_options_free(nullptr);
  waypost_route_free(nullptr);
  waypost_topic_free(nullptr);
  waypost_error_free(nullptr);
  waypost_text_free(nullptr);
  CHECK(waypost_route_group_count(nullptr) == 0);
}

// --- Cancelling, asynchronous sends, checks, metrics ---

struct Ended {
  std::promise<waypost_code> code;
  std::size_t attempts = 0;
  waypost_code wait() {
    auto future = code.get_future();
    REQUIRE(future.wait_for(std::chrono::seconds(60)) ==
            std::future_status::ready);
    return future.get();
  }
};

void end_send(void* context, waypost_code code,
              const waypost_send_report* report, const waypost_error* error) {
  auto& ended = *static_cast<Ended*>(context);
  CHECK((error == nullptr) == (code == WAYPOST_OK));
  ended.attempts = report->attempts;
  ended.code.set_value(code);
}

TEST_CASE("an asynchronous send tries another broker, and can be cancelled") {
  World world;
  const auto fails_at_a = [](void*, const waypost_pick* pick, std::int64_t,
                             waypost_pending* attempt) {
    CHECK(waypost_pending_over(attempt) == 0);
    const bool is_a = std::string(pick->broker) == "broker-a";
    waypost_pending_complete(attempt, is_a ? WAYPOST_FAILED : WAYPOST_SUCCEEDED,
                             is_a ? "refused" : nullptr);
  };
  std::size_t attempts = 0;
  for (int i = 0; i < 2; ++i) {
    Ended ended;
    REQUIRE(waypost_client_send_async(world.client(), "orders", fails_at_a,
                                      &ended, nullptr, end_send,
                                      nullptr) == WAYPOST_OK);
    CHECK(ended.wait() == WAYPOST_OK);
    attempts += ended.attempts;
  }
  CHECK(attempts == 3);

  waypost_cancel* const cancel = waypost_cancel_new();
  waypost_send_options options{};
  options.struct_size = sizeof options;
  options.budget_ns = 60 * kSecond;
  options.cancel = cancel;
  Ended ended;
  const auto never = [](void*, const waypost_pick*, std::int64_t,
                        waypost_pending* attempt) {
    static std::vector<
        std::unique_ptr<waypost_pending, decltype(&waypost_pending_free)>>
        kept;
    kept.emplace_back(attempt, &waypost_pending_free);
  };
  REQUIRE(waypost_client_send_async(world.client(), "orders", never, &ended,
                                    &options, end_send, nullptr) == WAYPOST_OK);
  waypost_cancel_trigger(cancel);
  CHECK(ended.wait() == WAYPOST_CANCELLED);
  CHECK(waypost_cancel_triggered(cancel) == 1);
  waypost_cancel_free(cancel);
}

TEST_CASE("questions end with their token") {
  World world;
  world.nameserver().answer(testing::MockAnswers::kNoAnswer);
  waypost_cancel* const cancel = waypost_cancel_new();
  waypost_limits limits{};
  limits.struct_size = sizeof limits;
  limits.timeout_ns = 60 * kSecond;
  limits.cancel = cancel;
  Ended ended;
  const auto done = [](void* context, waypost_code code, const waypost_error*) {
    static_cast<Ended*>(context)->code.set_value(code);
  };
  REQUIRE(waypost_client_refresh_async_within(world.client(), "orders", &limits,
                                              done, &ended,
                                              nullptr) == WAYPOST_OK);
  waypost_cancel_trigger(cancel);
  CHECK(ended.wait() == WAYPOST_CANCELLED);
  // One that is given it later ends at once.
  CHECK(waypost_client_refresh_within(world.client(), nullptr, &limits,
                                      nullptr) == WAYPOST_CANCELLED);
  waypost_cancel_free(cancel);
  waypost_cancel_free(nullptr);
  waypost_cancel_trigger(nullptr);
}

struct Heard {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> lines;
  void add(const std::string& line) {
    const std::lock_guard lock(mutex);
    lines.push_back(line);
    changed.notify_all();
  }
  bool wait_for(const std::string& text) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(60), [&] {
      return std::any_of(lines.begin(), lines.end(), [&](const auto& line) {
        return line.find(text) != std::string::npos;
      });
    });
  }
};

TEST_CASE("a check, the reason of a departure and the figures reach handlers") {
  Heard heard;
  waypost_handlers handlers{};
  handlers.struct_size = sizeof handlers;
  handlers.context = &heard;
  handlers.on_event = [](void* context, const waypost_event* event) {
    static_cast<Heard*>(context)->add(
        std::to_string(waypost_event_what(event)) + " " +
        waypost_event_broker(event) + " " +
        std::to_string(waypost_event_reason(event)) + " " +
        waypost_event_why(event));
  };
  handlers.on_check = [](void* context, const waypost_broker* broker,
                         std::int64_t timeout_ns, waypost_check* check) {
    CHECK(timeout_ns > 0);
    CHECK(broker->port > 1000);
    static_cast<Heard*>(context)->add(std::string("check ") + broker->name);
    waypost_check_fails(check, "no answer");
    waypost_check_free(check);
  };
  handlers.on_metrics = [](void* context, const char* text) {
    static_cast<Heard*>(context)->add(std::string("metrics ") + text);
  };
  auto nameserver = MockNameserver::start();
  REQUIRE(nameserver);
  nameserver->set_route("orders", {{"broker-a", "127.0.0.1:1001"},
                                   {"broker-b", "127.0.0.1:1002"}});
  OptionsHandle options;
  CHECK(options.set("client.nameservers", nameserver->address()) == "");
  CHECK(options.set("client.topics", "orders") == "");
  CHECK(options.set("client.metrics-interval", "100ms") == "");
  CHECK(options.set("client.probe-interval", "100ms") == "");
  waypost_client* client = nullptr;
  REQUIRE(waypost_client_create(options.handle, &handlers, &client, nullptr) ==
          WAYPOST_OK);
  CHECK(heard.wait_for("16  0 waypost-client"));
  waypost_topic* topic = nullptr;
  REQUIRE(waypost_client_topic(client, "orders", &topic, nullptr) ==
          WAYPOST_OK);
  waypost_route* route = nullptr;
  REQUIRE(waypost_client_route(client, "orders", 60 * kSecond, &route,
                               nullptr) == WAYPOST_OK);
  waypost_route_free(route);
  waypost_pick pick{};
  pick.struct_size = sizeof pick;
  REQUIRE(waypost_topic_pick(topic, nullptr, &pick, nullptr) == WAYPOST_OK);
  const std::string failed = pick.broker;
  CHECK(waypost_client_report(client, &pick, WAYPOST_FAILED, kSecond) ==
        WAYPOST_OK);
  CHECK(heard.wait_for("check " + failed));
  CHECK(heard.wait_for("15 " + failed + " 0 no answer"));
  CHECK(heard.wait_for("metrics # HELP"));
  // It watches.
  REQUIRE(nameserver->wait_until(
      [](const testing::MockCounts& n) { return n.queries >= 2; },
      std::chrono::seconds(60)));
  nameserver->leave("broker-b", 0, ChangeReason::kExpired, "silent for 3s");
  CHECK(heard.wait_for("9 broker-b 5 expired (silent for 3s)"));
  waypost_topic_free(topic);
  waypost_client_free(client);
}

}  // namespace
}  // namespace waypost

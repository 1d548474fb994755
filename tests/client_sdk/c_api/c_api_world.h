#ifndef WAYPOST_TESTS_CLIENT_SDK_C_API_C_API_WORLD_H_
#define WAYPOST_TESTS_CLIENT_SDK_C_API_C_API_WORLD_H_

// What tests of <waypost/client.h> share: handles that free themselves, and
// lines of what handlers were told.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "waypost/client.h"
#include "waypost/testing/mock_nameserver.hpp"

namespace waypost {

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
      : nameserver_(testing::MockNameserver::start()) {
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
    REQUIRE(waypost_client_route(client_, "orders", 60 * kSecond, &route,
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
  testing::MockNameserver& nameserver() { return *nameserver_; }

  waypost_pick pick(const waypost_pick_options* options = nullptr) const {
    waypost_pick pick{};
    pick.struct_size = sizeof pick;
    CHECK(waypost_topic_pick(topic_, options, &pick, nullptr) == WAYPOST_OK);
    return pick;
  }

 private:
  Result<testing::MockNameserver> nameserver_;
  waypost_client* client_ = nullptr;
  waypost_topic* topic_ = nullptr;
};

inline std::vector<std::string>& texts_of(void* context) {
  return *static_cast<std::vector<std::string>*>(context);
}

inline void keep_event(void* context, const waypost_event* event) {
  texts_of(context).push_back(std::to_string(waypost_event_what(event)) + " " +
                              waypost_event_topic(event) + "|" +
                              waypost_event_broker(event));
  CHECK(waypost_event_unix_time_ns(event) > 0);
  CHECK(std::string(waypost_event_text(event)).size() > 3);
}

inline bool has(const std::vector<std::string>& texts,
                const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

}  // namespace waypost

#endif  // WAYPOST_TESTS_CLIENT_SDK_C_API_C_API_WORLD_H_

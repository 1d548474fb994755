#ifndef WAYPOST_TESTS_CLIENT_SDK_RUNTIME_CLIENT_FORMS_H_
#define WAYPOST_TESTS_CLIENT_SDK_RUNTIME_CLIENT_FORMS_H_

// A client of a mock nameserver, and what its handlers were told.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "waypost/testing/mock_nameserver.hpp"
#include "waypost/waypost.hpp"

namespace waypost {

// Nothing waits for it when all is well.
constexpr std::chrono::nanoseconds kLong = std::chrono::seconds(60);

// A nameserver that knows "orders", and a client of it.
class Asked {
 public:
  Asked() : nameserver_(start()), client_(make(nameserver_.address())) {}

  testing::MockNameserver& nameserver() { return nameserver_; }
  Client& client() { return client_; }

  static ClientOptions options(const std::string& nameserver) {
    ClientOptions options = *ClientOptions::for_profile("fast");
    options.nameservers = {nameserver};
    options.rpc_timeout = std::chrono::seconds(20);
    options.ping_interval =
        std::chrono::seconds(0);  // one that is silent on purpose is not left
    return options;
  }
  static testing::MockNameserver start() {
    auto started = testing::MockNameserver::start();
    REQUIRE(started);
    started->set_route("orders", {{"broker-a", "10.0.0.1:10911"},
                                  {"broker-b", "10.0.0.2:10911"}});
    return std::move(*started);
  }
  static Client make(const std::string& nameserver) {
    auto client = Client::create(options(nameserver));
    REQUIRE(client);
    return std::move(*client);
  }

 private:
  testing::MockNameserver nameserver_;
  Client client_;
};

// What a completion handler was told; counts how often.
template <typename T>
class Told {
 public:
  std::function<void(T)> handler() {
    return [shared = shared_](T result) {
      const std::lock_guard lock(shared->mutex);
      shared->result = std::move(result);
      ++shared->times;
      shared->changed.notify_all();
    };
  }
  bool wait() {
    std::unique_lock lock(shared_->mutex);
    return shared_->changed.wait_for(lock, kLong,
                                     [&] { return shared_->times > 0; });
  }
  const T& result() const { return *shared_->result; }
  int times() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->times;
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<T> result;
    int times = 0;
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

template <typename T>
ErrorCode code_of(const T& result) {
  return result ? ErrorCode{} : result.error().code;
}

}  // namespace waypost

#endif  // WAYPOST_TESTS_CLIENT_SDK_RUNTIME_CLIENT_FORMS_H_

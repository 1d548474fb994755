#include "client_sdk/examples/mqtt_link.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <utility>

#include <mosquitto.h>
#include <sys/socket.h>

namespace waypost::examples {
namespace {

using std::chrono::steady_clock;

constexpr int kKeepaliveSeconds = 5;  // the least that libmosquitto takes
constexpr auto kConnectTimeout = std::chrono::seconds(2);
constexpr auto kReconnectDelay = std::chrono::milliseconds(200);
constexpr int kLoopWaitMs = 50;  // the longest that the end has to wait

// libmosquitto wants to be set up once in a process.
void set_up_library() {
  static const int once = mosquitto_lib_init();
  static_cast<void>(once);
}

}  // namespace

class MqttLink::Impl {
 public:
  explicit Impl(MqttOptions options) : options_(std::move(options)) {
    set_up_library();
    mosquitto_ =
        mosquitto_new(options_.client_id.c_str(), options_.clean_session, this);
    mosquitto_threaded_set(mosquitto_, true);
    mosquitto_connect_callback_set(mosquitto_, &Impl::on_connect);
    mosquitto_subscribe_callback_set(mosquitto_, &Impl::on_subscribe);
    mosquitto_publish_callback_set(mosquitto_, &Impl::on_publish);
    mosquitto_message_callback_set(mosquitto_, &Impl::on_message);
    thread_ = std::thread([this] { run(); });
  }

  ~Impl() {
    stopping_ = true;
    thread_.join();
    reset_on_close();
    mosquitto_destroy(mosquitto_);
  }

  std::string publish(const std::string& topic, std::string_view payload,
                      std::chrono::nanoseconds budget) {
    const auto deadline = steady_clock::now() + budget;
    std::unique_lock lock(mutex_);
    if (!changed_.wait_until(lock, deadline, [this] { return connected_; })) {
      return "no connection within its budget";
    }
    lock.unlock();
    int message_id = 0;
    const int result =
        mosquitto_publish(mosquitto_, &message_id, topic.c_str(),
                          static_cast<int>(payload.size()), payload.data(),
                          /*qos=*/1, /*retain=*/false);
    lock.lock();
    if (result != MOSQ_ERR_SUCCESS) return describe(result);
    // The acknowledgement may have overtaken us: then it is there already.
    const bool acknowledged = changed_.wait_until(
        lock, deadline, [&] { return acknowledged_.contains(message_id); });
    if (!acknowledged) return "no acknowledgement within its budget";
    acknowledged_.erase(message_id);
    return {};
  }

 private:
  void run() {
    while (!stopping_) {
      started_ = steady_clock::now();
      int result = mosquitto_connect_async(mosquitto_, options_.host.c_str(),
                                           options_.port, kKeepaliveSeconds);
      while (!stopping_ && result == MOSQ_ERR_SUCCESS) {
        result = mosquitto_loop(mosquitto_, kLoopWaitMs, /*max_packets=*/1);
        const bool late =
            !is_connected() && steady_clock::now() - started_ > kConnectTimeout;
        if (result == MOSQ_ERR_SUCCESS && late) result = MOSQ_ERR_CONN_LOST;
      }
      if (stopping_) return;
      set_connected(false, describe(result));
      std::this_thread::sleep_for(kReconnectDelay);
    }
  }

  static std::string describe(int result) {
    // libmosquitto has no words for this one.
    if (result == MOSQ_ERR_KEEPALIVE) return "no answer to its PINGREQ";
    return mosquitto_strerror(result);
  }

  bool is_connected() {
    const std::lock_guard lock(mutex_);
    return connected_;
  }

  void set_connected(bool connected, const std::string& why) {
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(connected_, connected) == connected) return;
    }
    changed_.notify_all();
    if (options_.on_state) options_.on_state(connected, why);
  }

  void reset_on_close() {
    const int socket = mosquitto_socket(mosquitto_);
    const linger reset{.l_onoff = 1, .l_linger = 0};
    if (socket >= 0) {
      setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    }
  }

  static void on_connect(struct mosquitto* mosquitto, void* self, int code) {
    auto& link = *static_cast<Impl*>(self);
    if (code != 0) {
      link.set_connected(false, mosquitto_connack_string(code));
      return;
    }
    if (link.options_.subscribe_to.empty()) {
      link.set_connected(true, "connected");
    } else {
      mosquitto_subscribe(mosquitto, nullptr,
                          link.options_.subscribe_to.c_str(), /*qos=*/1);
    }
  }

  static void on_subscribe(struct mosquitto*, void* self, int, int,
                           const int*) {
    static_cast<Impl*>(self)->set_connected(true, "subscribed");
  }

  static void on_publish(struct mosquitto*, void* self, int message_id) {
    auto& link = *static_cast<Impl*>(self);
    {
      const std::lock_guard lock(link.mutex_);
      link.acknowledged_.insert(message_id);
    }
    link.changed_.notify_all();
  }

  static void on_message(struct mosquitto*, void* self,
                         const struct mosquitto_message* message) {
    const auto& link = *static_cast<Impl*>(self);
    if (!link.options_.on_message) return;
    link.options_.on_message({static_cast<const char*>(message->payload),
                              static_cast<std::size_t>(message->payloadlen)});
  }

  const MqttOptions options_;
  struct mosquitto* mosquitto_ = nullptr;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  steady_clock::time_point started_;  // the link's thread only

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  bool connected_ = false;
  std::unordered_set<int> acknowledged_;
};

MqttLink::MqttLink(MqttOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
MqttLink::~MqttLink() = default;

std::string MqttLink::publish(const std::string& topic,
                              std::string_view payload,
                              std::chrono::nanoseconds budget) {
  return impl_->publish(topic, payload, budget);
}

}  // namespace waypost::examples

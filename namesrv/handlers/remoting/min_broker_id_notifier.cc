#include "namesrv/handlers/remoting/min_broker_id_notifier.h"

#include <optional>
#include <utility>

#include "base/endpoint.h"
#include "wire/codec/remoting/command.h"

namespace waypost::handlers {
namespace {

constexpr base::Duration kConnectMax = std::chrono::seconds(3);
constexpr base::Duration kSendMax = std::chrono::seconds(3);

std::string frame_of(const registry::MinBrokerIdChange& change) {
  remoting::Command command;
  command.code = remoting::request_code::kNotifyMinBrokerIdChange;
  command.flag = remoting::kFlagOneway;
  command.set_ext_field("minBrokerId", std::to_string(change.min_id.value()));
  command.set_ext_field("brokerName", change.broker_name.value());
  command.set_ext_field("minBrokerAddr", change.min_address);
  if (change.offline_address) {
    command.set_ext_field("offlineBrokerAddr", *change.offline_address);
  }
  if (change.ha_address) {
    command.set_ext_field("haBrokerAddr", *change.ha_address);
  }
  return remoting::encode_frame(command);
}

}  // namespace

// One frame on its way to one broker: connect, send, close.
class MinBrokerIdNotifier::Notice : public transport::ConnectionHandler {
 public:
  Notice(MinBrokerIdNotifier& owner, std::uint64_t number,
         const base::Endpoint& broker, std::string frame)
      : owner_(owner), number_(number), frame_(std::move(frame)) {
    connecting_ = owner_.network_.connect(
        broker, kConnectMax, {},
        [this](base::Result<std::unique_ptr<transport::Connection>> result) {
          on_connected(std::move(result));
        });
  }

  std::size_t on_bytes(std::span<const std::byte> bytes) override {
    return bytes.size();
  }
  void on_closed(transport::CloseReason, const base::Error&) override {
    owner_.forget_later(number_);
  }

 private:
  void on_connected(
      base::Result<std::unique_ptr<transport::Connection>> result) {
    if (!result) {
      owner_.logger_.warn(
          "a broker was not told that its group's smallest id changed",
          {{"why", result.error().to_string()}});
      return owner_.forget_later(number_);
    }
    connection_ = std::move(*result);
    connection_->start(this);
    connection_->write(std::as_bytes(std::span(frame_)));
    connection_->close_after_flush(kSendMax);
  }

  MinBrokerIdNotifier& owner_;
  const std::uint64_t number_;
  const std::string frame_;
  std::unique_ptr<transport::Operation> connecting_;
  std::unique_ptr<transport::Connection> connection_;
};

MinBrokerIdNotifier::MinBrokerIdNotifier(base::Executor& executor,
                                         transport::Network& network,
                                         base::Logger logger)
    : executor_(executor),
      network_(network),
      logger_(logger),
      self_(std::make_shared<MinBrokerIdNotifier*>(this)) {}

MinBrokerIdNotifier::~MinBrokerIdNotifier() { *self_ = nullptr; }

void MinBrokerIdNotifier::notify(const registry::MinBrokerIdChange& change) {
  logger_.info("smallest id of a broker group changed",
               {{"broker", change.broker_name.value()},
                {"min_id", change.min_id.value()},
                {"told", change.notify.size()}});
  const std::string frame = frame_of(change);
  for (const std::string& address : change.notify) send(address, frame);
}

void MinBrokerIdNotifier::send(const std::string& address,
                               const std::string& frame) {
  const auto broker = base::parse_endpoint(address);
  if (!broker || notices_.size() >= kUnderWayMax) {
    logger_.warn("a broker was not told that its group's smallest id changed",
                 {{"address", address},
                  {"why", broker ? "too many are being told"
                                 : "its address is no host:port"}});
    return;
  }
  const std::uint64_t number = next_number_++;
  notices_.emplace(number,
                   std::make_unique<Notice>(*this, number, *broker, frame));
}

void MinBrokerIdNotifier::forget_later(std::uint64_t number) {
  executor_.post([self = self_, number] {
    if (*self != nullptr) (*self)->notices_.erase(number);
  });
}

}  // namespace waypost::handlers

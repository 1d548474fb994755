#include "broker_agent/runtime/probe_stream.h"

#include <span>
#include <utility>

namespace waypost::agent {
namespace {

// What a probed server may make us hold. A prober looks at less.
constexpr std::size_t kReadLimitBytes = 256 * 1024;

}  // namespace

class ProbeStream::Link final : public transport::ConnectionHandler,
                                public std::enable_shared_from_this<Link> {
 public:
  Link(base::Executor& executor, Owner& owner,
       std::unique_ptr<transport::Connection> connection)
      : executor_(executor),
        owner_(&owner),
        connection_(std::move(connection)) {}

  void start() { connection_->start(this); }
  void write(std::string_view bytes) {
    connection_->write(std::as_bytes(std::span(bytes)));
  }

  // No more events. Inside one of them the connection is only closed, and
  // destroyed afterwards.
  void retire() {
    owner_ = nullptr;
    if (!in_event_) return connection_.reset();
    connection_->close();
    executor_.post([self = shared_from_this()] { self->connection_.reset(); });
  }

  std::size_t on_bytes(std::span<const std::byte> bytes) override {
    if (owner_ == nullptr) return bytes.size();
    const auto self = shared_from_this();
    const auto* text = static_cast<const void*>(bytes.data());
    in_event_ = true;
    const std::size_t used =
        owner_->on_stream_bytes({static_cast<const char*>(text), bytes.size()});
    in_event_ = false;
    return used;
  }
  void on_closed(transport::CloseReason reason,
                 const base::Error& error) override {
    if (owner_ == nullptr) return;
    base::Error told = error;
    if (reason == transport::CloseReason::kPeerClosed) {
      told.message = "closed by the peer";
    } else if (reason == transport::CloseReason::kPeerReset) {
      told.message = "reset by the peer";
    }
    const auto self = shared_from_this();
    in_event_ = true;
    std::exchange(owner_, nullptr)->on_stream_ended(told);
    in_event_ = false;
  }

 private:
  base::Executor& executor_;
  Owner* owner_;
  std::unique_ptr<transport::Connection> connection_;
  bool in_event_ = false;
};

ProbeStream::ProbeStream(base::Executor& executor, transport::Network& network,
                         Owner& owner)
    : executor_(executor), network_(network), owner_(owner) {}

ProbeStream::~ProbeStream() { drop(); }

void ProbeStream::open(const base::Endpoint& endpoint,
                       base::Duration deadline) {
  drop();
  transport::ConnectionOptions options;
  options.read_limit_bytes = kReadLimitBytes;
  connecting_ = network_.connect(
      endpoint, deadline, options,
      [this](base::Result<std::unique_ptr<transport::Connection>> connection) {
        connected_ = std::move(connecting_);
        if (!connection) return owner_.on_stream_ended(connection.error());
        link_ =
            std::make_shared<Link>(executor_, owner_, std::move(*connection));
        link_->start();
        owner_.on_stream_open();
      });
}

void ProbeStream::write(std::string_view bytes) {
  if (link_) link_->write(bytes);
}

void ProbeStream::drop() {
  connecting_.reset();
  if (link_) std::exchange(link_, nullptr)->retire();
}

}  // namespace waypost::agent

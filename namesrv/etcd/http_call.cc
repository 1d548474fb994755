#include "namesrv/etcd/http_call.h"

#include <utility>

#include "base/units.h"

namespace waypost::etcd {
namespace {

transport::ConnectionOptions connection_options() {
  transport::ConnectionOptions options;
  // What has arrived is consumed at once.
  options.read_limit_bytes = 64UL * 1024;
  return options;
}

}  // namespace

HttpCall::HttpCall(base::Executor& executor, transport::Network& network,
                   std::shared_ptr<const transport::TlsContext> tls,
                   const base::Endpoint& to, const HttpRequest& request,
                   base::Duration within, Done done)
    : executor_(executor),
      to_(to),
      request_(post_request(to, request)),
      done_(std::move(done)) {
  if (tls != nullptr) {
    tls_ = std::make_unique<transport::TlsSession>(std::move(tls), to.host);
  }
  deadline_ = executor.run_after(within, [this, within] {
    finish(base::fail(base::ErrorCode::kTimedOut,
                      "no answer within " + base::format_duration(within)));
  });
  connecting_ = network.connect(
      to, within, connection_options(),
      [this](base::Result<std::unique_ptr<transport::Connection>> connection) {
        if (result_) return;
        if (!connection) return finish(tl::unexpected(connection.error()));
        connection_ = std::move(*connection);
        on_connected();
      });
}

void HttpCall::on_connected() {
  connection_->start(this);
  std::string first = request_;
  if (tls_ != nullptr) {
    if (auto sent = tls_->send(request_); !sent) {
      return finish(tl::unexpected(sent.error()));
    }
    first = tls_->take_output();
  }
  connection_->write(std::as_bytes(std::span(first)));
}

std::size_t HttpCall::on_bytes(std::span<const std::byte> bytes) {
  if (result_) return bytes.size();
  heard_ = true;
  if (tls_ == nullptr) {
    on_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return bytes.size();
  }
  std::string text;
  const base::Status received = tls_->receive(bytes, text);
  // Also the words in which TLS refuses something.
  const std::string reply = tls_->take_output();
  connection_->write(std::as_bytes(std::span(reply)));
  on_text(text);
  if (!received) {
    finish(tl::unexpected(received.error()));
  } else if (tls_->ended()) {
    on_end();
  }
  return bytes.size();
}

void HttpCall::on_text(std::string_view text) {
  const auto whole = reader_.feed(text);
  if (!whole) {
    finish(tl::unexpected(whole.error()));
  } else if (*whole) {
    finish(reader_.response());
  }
}

void HttpCall::on_closed(transport::CloseReason reason,
                         const base::Error& error) {
  if (result_) return;
  if (!heard_ && tls_ == nullptr) {
    // As etcd does with plain HTTP at a port of TLS.
    return finish(base::fail(base::ErrorCode::kUnavailable,
                             "the connection was closed without an answer",
                             "write https:// in etcd-endpoints if it speaks "
                             "TLS at this port"));
  }
  if (reason != transport::CloseReason::kPeerClosed) {
    return finish(tl::unexpected(error));
  }
  // Anybody in between can end a connection; only etcd itself can say in TLS
  // that its answer is whole.
  if (tls_ != nullptr) {
    return finish(base::fail(
        base::ErrorCode::kUnavailable,
        tls_->established()
            ? "the connection was closed before the answer was whole"
            : "the connection was closed while TLS was agreed on",
        tls_->established() ? "" : "check that it speaks TLS at this port"));
  }
  on_end();
}

void HttpCall::on_end() {
  if (result_) return;
  if (const auto whole = reader_.end(); !whole) {
    return finish(tl::unexpected(whole.error()));
  }
  finish(reader_.response());
}

// Told from a turn of its own: whoever hears it may destroy this, which may be
// in the middle of a connection's event here.
void HttpCall::finish(base::Result<HttpResponse> result) {
  if (result_) return;
  if (!result) {
    result = tl::unexpected(result.error().with_context(to_.to_string()));
  }
  result_ = std::move(result);
  if (connection_ != nullptr) connection_->close();
  telling_ = executor_.run_after(base::Duration(0), [this] {
    const Done done = std::exchange(done_, nullptr);
    done(std::move(*result_));
  });
}

}  // namespace waypost::etcd

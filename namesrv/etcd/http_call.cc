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
                   const base::Endpoint& to, const HttpRequest& request,
                   base::Duration within, Done done)
    : executor_(executor),
      to_(to),
      request_(post_request(to, request)),
      done_(std::move(done)) {
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
        connection_->start(this);
        connection_->write(std::as_bytes(std::span(request_)));
      });
}

std::size_t HttpCall::on_bytes(std::span<const std::byte> bytes) {
  if (result_) return bytes.size();
  const auto whole =
      reader_.feed({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!whole) {
    finish(tl::unexpected(whole.error()));
  } else if (*whole) {
    finish(reader_.response());
  }
  return bytes.size();
}

void HttpCall::on_closed(transport::CloseReason reason,
                         const base::Error& error) {
  if (result_) return;
  if (reason != transport::CloseReason::kPeerClosed) {
    return finish(tl::unexpected(error));
  }
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

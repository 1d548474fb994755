#include "client_sdk/runtime/http_get.h"

#include <utility>

#include "base/options.h"

namespace waypost::client {

HttpGet::HttpGet(base::Executor& executor, transport::Network& network,
                 const HttpUrl& url, base::Duration deadline, Done done)
    : url_(url), done_(std::move(done)) {
  timer_ = executor.run_after(deadline, [this, deadline] {
    finish(base::fail(
        base::ErrorCode::kTimedOut,
        "no complete answer within " + base::format_duration(deadline)));
  });
  transport::ConnectionOptions options;
  options.read_limit_bytes = kHttpAnswerMaxBytes;
  connecting_ =
      network.connect(url_.server, deadline, options,
                      [this](auto made) { on_connected(std::move(made)); });
}

HttpGet::~HttpGet() = default;

void HttpGet::on_connected(
    base::Result<std::unique_ptr<transport::Connection>> made) {
  if (!made) return finish(tl::unexpected(made.error()));
  connection_ = std::move(*made);
  connection_->start(this);
  const std::string request = http_get_request(url_);
  connection_->write(std::as_bytes(std::span(request)));
}

std::size_t HttpGet::on_bytes(std::span<const std::byte> bytes) {
  if (!done_) return bytes.size();
  received_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  // The end may destroy this.
  const std::size_t consumed = bytes.size();
  finish_if_complete(false);
  return consumed;
}

void HttpGet::on_closed(transport::CloseReason /*reason*/,
                        const base::Error& error) {
  if (finish_if_complete(true)) return;
  finish(tl::unexpected(error));
}

bool HttpGet::finish_if_complete(bool closed) {
  auto body = read_http_answer(received_, closed);
  if (!body) return false;
  finish(std::move(*body));
  return true;
}

void HttpGet::finish(base::Result<std::string> body) {
  if (!body) {
    body = tl::unexpected(body.error().with_context(url_.to_string()));
  }
  if (const auto done = std::exchange(done_, nullptr)) done(std::move(body));
}

}  // namespace waypost::client

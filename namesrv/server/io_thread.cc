#include "namesrv/server/io_thread.h"

#include <utility>

#include "process/prompt_thread.h"

namespace waypost::server {

IoThread::IoThread(std::size_t number, const ServerSettings& settings,
                   ServicePort::Shared shared)
    : loop_(transport::Loop::create()),
      port_(std::make_unique<ServicePort>(
          ServicePort::Loop{*loop_, loop_->network(), number}, settings,
          std::move(shared))) {
  loop_->set_turn_hook([this] {
    port_->quiesce();
    connections_.store(port_->connection_count(), std::memory_order_relaxed);
  });
}

IoThread::~IoThread() { stop(); }

base::Status IoThread::listen(const base::Endpoint& endpoint) {
  return port_->listen(endpoint);
}

void IoThread::start() {
  thread_ = std::thread([this] {
    process::make_thread_prompt();
    loop_->run();
    port_->close();
  });
}

void IoThread::drain(const std::string& reason) {
  loop_->post([this, reason] { port_->drain(reason); });
}

void IoThread::pause() {
  loop_->post([this] { port_->pause(); });
}

void IoThread::resume(std::function<void(base::Status)> done) {
  loop_->post(
      [this, done = std::move(done)] { done(port_->listen(port_->local())); });
}

void IoThread::count_clients(std::function<void(std::size_t)> told) {
  loop_->post([this, told = std::move(told)] { told(port_->client_count()); });
}

void IoThread::after_input_processed(std::function<void()> done) {
  // The first task runs in a turn whose input may have been read before; the
  // second comes after a whole turn.
  loop_->post([this, done = std::move(done)] { loop_->post(done); });
}

void IoThread::stop() {
  if (!thread_.joinable()) return;
  loop_->stop();
  thread_.join();
}

}  // namespace waypost::server

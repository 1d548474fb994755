#include "namesrv/server/io_thread.h"

#include <algorithm>
#include <utility>

#include "namesrv/handlers/native/native_session.h"
#include "wire/codec/native.h"

namespace waypost::server {
namespace {

rpc::AcceptorOptions acceptor_options(const ServerSettings& settings,
                                      std::size_t number,
                                      base::ByteBudget& input_budget) {
  rpc::AcceptorOptions options;
  options.payload_max_bytes = settings.native.payload_max_bytes;
  options.first_frame_timeout = settings.first_frame_timeout;
  options.connections_max = static_cast<std::size_t>(settings.connections_max);
  options.loop_index = static_cast<std::uint16_t>(number);
  options.listen.reuse_port = true;
  transport::ConnectionOptions& connection = options.listen.connection;
  connection.read_limit_bytes = settings.native.payload_max_bytes + 4096;
  connection.write_limit_bytes = settings.write_limit_bytes;
  connection.write_high_water_bytes = std::min(
      connection.write_high_water_bytes, settings.write_limit_bytes / 2);
  connection.input_budget = &input_budget;
  // TCP shall not declare a broker dead before its expiry does.
  connection.keepalive = std::max(settings.service.registry.broker_expiry,
                                  settings.service.registry.agent_expiry);
  connection.user_timeout = connection.keepalive;
  return options;
}

}  // namespace

IoThread::IoThread(
    std::size_t number, const ServerSettings& settings,
    service::NameService& service, service::PublishedTable& table,
    base::ByteBudget& input_budget, base::ByteBudget& decode_budget,
    std::function<void(std::function<void()>)> run_on_decode_thread,
    base::Logger logger)
    : loop_(transport::Loop::create()) {
  handlers::NativeContext::Shell shell;
  shell.loop = loop_.get();
  shell.find_session = [this](std::uint64_t id) { return acceptor_->find(id); };
  shell.run_on_decode_thread = std::move(run_on_decode_thread);
  shell.decode_budget = &decode_budget;
  shell.reader = number;
  shell.logger = logger;
  context_ = std::make_unique<handlers::NativeContext>(
      settings.native, std::move(shell), service, table);
  acceptor_ = std::make_unique<rpc::Acceptor>(
      *loop_, loop_->network(),
      acceptor_options(settings, number, input_budget),
      [this](rpc::ServerSession& session) {
        return std::make_unique<handlers::NativeSession>(*context_, session);
      },
      logger.for_component(base::LogComponent::kRpc));
  loop_->set_turn_hook([this] { context_->quiesce(); });
}

IoThread::~IoThread() { stop(); }

base::Status IoThread::listen(const base::Endpoint& endpoint) {
  return acceptor_->listen(endpoint);
}

void IoThread::start() {
  thread_ = std::thread([this] {
    loop_->run();
    acceptor_.reset();
    context_->quiesce();
  });
}

void IoThread::drain(const std::string& reason) {
  loop_->post([this, payload = codec::encode(model::DrainNotice{reason})] {
    acceptor_->stop_listening();
    acceptor_->for_each([&payload](rpc::ServerSession& session) {
      session.push(codec::FrameKind::kDrainNotice, payload);
    });
  });
}

void IoThread::count_clients(std::function<void(std::size_t)> told) {
  loop_->post([this, told = std::move(told)] { told(context_->client_count); });
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

#include "namesrv/server/service_port.h"

#include <algorithm>
#include <utility>

#include "namesrv/handlers/native/native_session.h"
#include "namesrv/handlers/remoting/remoting_peer.h"
#include "wire/codec/native.h"

namespace waypost::server {
namespace {

rpc::AcceptorOptions acceptor_options(const ServerSettings& settings,
                                      std::size_t number,
                                      base::ByteBudget& input_budget) {
  rpc::AcceptorOptions options;
  options.payload_max_bytes = settings.native.payload_max_bytes;
  options.remoting_frame_max_bytes = settings.remoting.frame_max_bytes;
  options.remoting_idle = settings.remoting.idle;
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

ServicePort::ServicePort(const Loop& loop, const ServerSettings& settings,
                         Shared shared)
    : route_cache_(settings.route_cache_bytes) {
  handlers::NativeContext::Shell native;
  native.loop = &loop.executor;
  native.find_session = [this](std::uint64_t id) {
    return acceptor_ ? acceptor_->find(id) : nullptr;
  };
  native.run_on_decode_thread = shared.run_on_decode_thread;
  native.decode_budget = &shared.decode_budget;
  native.route_cache = &route_cache_;
  native.reader = loop.number;
  native.logger = shared.logger;
  native_ = std::make_unique<handlers::NativeContext>(
      settings.native, std::move(native), shared.service, shared.table);

  handlers::RemotingContext::Shell remoting;
  remoting.loop = &loop.executor;
  remoting.find_session = [this](std::uint64_t id) {
    return acceptor_ ? acceptor_->find_remoting(id) : nullptr;
  };
  remoting.run_on_decode_thread = shared.run_on_decode_thread;
  remoting.decode_budget = &shared.decode_budget;
  remoting.route_cache = &route_cache_;
  remoting.reader = loop.number;
  remoting.logger = shared.logger.for_component(base::LogComponent::kService);
  remoting_ = std::make_unique<handlers::RemotingContext>(
      settings.remoting, std::move(remoting), shared.service, shared.table);

  acceptor_ = std::make_unique<rpc::Acceptor>(
      loop.executor, loop.network,
      acceptor_options(settings, loop.number, shared.input_budget),
      [this](rpc::ServerSession& session) {
        return std::make_unique<handlers::NativeSession>(*native_, session);
      },
      shared.logger.for_component(base::LogComponent::kRpc),
      [this](rpc::RemotingSession& session) {
        return std::make_unique<handlers::RemotingPeer>(*remoting_, session);
      });
}

ServicePort::~ServicePort() = default;

base::Status ServicePort::listen(const base::Endpoint& endpoint) {
  return acceptor_->listen(endpoint);
}

void ServicePort::drain(const std::string& reason) {
  acceptor_->stop_listening();
  acceptor_->for_each([payload = codec::encode(model::DrainNotice{reason})](
                          rpc::ServerSession& session) {
    session.push(codec::FrameKind::kDrainNotice, payload);
  });
}

void ServicePort::pause() {
  acceptor_->stop_listening();
  acceptor_->close_all();
}

void ServicePort::close() {
  acceptor_.reset();
  quiesce();
}

}  // namespace waypost::server

// The admin port of a nameserver process: what it shows, and where it is wired.

#include <utility>

#include "namesrv/server/server.h"
#include "wire/transport/keyed_digest.h"

namespace waypost::server {

admin_http::Snapshot Server::snapshot() const {
  admin_http::Snapshot taken;
  taken.view = service_->view();
  taken.direct_brokers = taken.view.brokers;
  taken.client_connections = client_connections();
  for (std::size_t i = 0; i < partition::kOperations; ++i) {
    const auto operation = static_cast<partition::Operation>(i);
    const bool open = service_->gate_open(operation);
    (open ? taken.open_gates : taken.closed_gates)
        .emplace_back(partition::operation_name(operation));
    if (open) continue;
    if (operation == partition::Operation::kQuery) {
      taken.queries_refused = service_->gate_refusal(operation).message;
    }
  }
  if (cluster_ == nullptr) return taken;
  taken.direct_brokers = service_->registry().held_brokers().size();
  taken.peers = cluster_->keeper().show();
  taken.partitions = cluster_->keeper().partitions().partitions;
  return taken;
}

base::Status Server::open_admin_port() {
  if (!settings_.admin.listen_at) return {};
  snapshots_ =
      std::make_unique<admin_http::Snapshots>(admin_http::Snapshots::Shell{
          [this](std::function<void()> task) { loop_->post(std::move(task)); },
          [this] { return snapshot(); }});
  admin_http::Pages::Shell shell;
  shell.snapshot = [this] { return snapshots_->get(); };
  if (!settings_.admin.token.empty()) {
    shell.is_token = [this](std::string_view given) {
      return transport::equal_in_constant_time(given, settings_.admin.token);
    };
  }
  for (const auto& setting : settings_.native.fixed_settings) {
    if (!setting.key.starts_with("cluster")) continue;
    shell.cluster_settings.emplace_back(setting.key, setting.value);
  }
  auto port = admin_http::HttpPort::open(
      *settings_.admin.listen_at, {},
      [pages = std::make_shared<const admin_http::Pages>(std::move(shell))](
          const admin_http::Request& request) {
        return pages->answer(request);
      });
  if (!port) return tl::unexpected(port.error());
  admin_port_ = std::move(*port);
  return {};
}

void Server::start_admin_port() {
  if (admin_port_ == nullptr) return;
  admin_port_->start();
  logger_.info("admin port listening",
               {{"address", admin_port_->local().to_string()}});
}

void Server::stop_admin_port() {
  if (admin_port_ == nullptr) return;
  snapshots_->stop();
  admin_port_->stop();
}

}  // namespace waypost::server

#include "benchmarks/peers/nameserver_group.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <set>
#include <span>
#include <thread>
#include <utility>

#include "wire/codec/native.h"
#include "wire/codec/peer.h"

namespace waypost::bench {
namespace {

constexpr base::Duration kCallDeadline = std::chrono::seconds(10);
constexpr base::Duration kStartDeadline = std::chrono::seconds(20);

template <typename Reply>
base::Result<Reply> ask(const base::Endpoint& target, codec::FrameKind kind) {
  const auto client = NativeClient::connect(target, kCallDeadline);
  if (!client) return tl::unexpected(client.error());
  const auto answer = (*client)->call(kind, {});
  if (!answer) return tl::unexpected(answer.error());
  return codec::decode<Reply>(
      std::as_bytes(std::span(*answer)).subspan(codec::kFrameHeaderBytes));
}

}  // namespace

base::Result<model::ClusterView> Nameserver::view() const {
  return ask<model::ClusterView>(server.endpoint,
                                 codec::FrameKind::kClusterView);
}

base::Result<std::size_t> peak_resident_bytes(const Nameserver& nameserver) {
  std::ifstream file(
      "/proc/" + std::to_string(nameserver.server.process->pid()) + "/status");
  std::string word;
  std::size_t kib = 0;
  while (file >> word) {
    if (word == "VmHWM:" && file >> kib) return kib * 1024;
  }
  return base::fail(base::ErrorCode::kMalformed, "no VmHWM in the status");
}

base::Result<Nameserver> NameserverGroup::start(
    const std::string& name, std::vector<std::string> arguments) const {
  const std::filesystem::path directory = scratch_ / name;
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  arguments.insert(arguments.begin(), {"--name", name});
  Settings settings;
  settings.namesrv = program_;
  settings.namesrv_arguments = std::move(arguments);
  auto server = start_namesrv(settings, {}, directory);
  if (!server) return tl::unexpected(server.error());
  return Nameserver{std::move(*server), {"127.0.0.1", 0}};
}

base::Result<Nameserver> NameserverGroup::start_alone() const {
  return start("alone", {});
}

base::Status NameserverGroup::start_next() {
  std::vector<std::string> arguments = {"--cluster-listen", "127.0.0.1:0"};
  if (!members_.empty()) {
    arguments.insert(arguments.end(),
                     {"--peers", members_.front().cluster.to_string()});
  }
  const std::string name = "ns-" + std::to_string(members_.size());
  auto started = start(name, std::move(arguments));
  if (!started) return tl::unexpected(started.error());
  const auto address =
      wait_for_file((scratch_ / name / "data" / "cluster-address").string(),
                    kStartDeadline, *started->server.process);
  if (!address) return tl::unexpected(address.error());
  const auto endpoint = base::parse_endpoint(*address);
  if (!endpoint) return tl::unexpected(endpoint.error());
  started->cluster = *endpoint;
  members_.push_back(std::move(*started));
  return {};
}

base::Result<bool> NameserverGroup::alike() const {
  for (const Nameserver& each : members_) {
    const auto known = ask<model::ClusterMembers>(
        each.cluster, codec::FrameKind::kClusterMembers);
    if (!known) return tl::unexpected(known.error());
    if (known->members.size() != members_.size()) return false;
    const bool complete = std::all_of(
        known->members.begin(), known->members.end(), [](const auto& member) {
          return member.self || (member.reach == model::PeerReach::kReachable &&
                                 member.state == model::ServerState::kServing &&
                                 !member.diverges_for);
        });
    if (!complete) return false;
  }
  return true;
}

base::Status NameserverGroup::wait_until_alike(base::Duration limit) const {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < end) {
    const auto are = alike();
    if (!are) return tl::unexpected(are.error());
    if (*are) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return base::fail(base::ErrorCode::kTimedOut,
                    "the nameservers do not come to know the same");
}

base::Result<TcpTraffic> NameserverGroup::traffic() const {
  std::set<std::uint16_t> ports;
  for (const Nameserver& each : members_) ports.insert(each.cluster.port);
  return tcp_traffic_to(ports);
}

}  // namespace waypost::bench

#include "namesrv/admin/metrics_text.h"

#include <array>
#include <map>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "namesrv/admin/cluster_json.h"

namespace waypost::admin_http {
namespace {

using Labels = std::vector<prometheus::ClientMetric::Label>;

double seconds(base::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// Families in the order in which they were begun.
class Figures {
 public:
  // The calls of add() that follow are of this family.
  void family(std::string name, std::string help,
              prometheus::MetricType type = prometheus::MetricType::Gauge) {
    families_.emplace_back();
    families_.back().name = std::move(name);
    families_.back().help = std::move(help);
    families_.back().type = type;
  }
  void add(double value, Labels labels = {}) {
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    if (families_.back().type == prometheus::MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
    families_.back().metric.push_back(std::move(metric));
  }
  void single(std::string name, std::string help, double value) {
    family(std::move(name), std::move(help));
    add(value);
  }
  void counter(std::string name, std::string help, double value) {
    family(std::move(name), std::move(help), prometheus::MetricType::Counter);
    add(value);
  }

  std::string text() const {
    return prometheus::TextSerializer().Serialize(families_);
  }

 private:
  std::vector<prometheus::MetricFamily> families_;
};

constexpr std::array<model::ServerState, 5> kStates = {
    model::ServerState::kStarting, model::ServerState::kServing,
    model::ServerState::kRecovering, model::ServerState::kDraining,
    model::ServerState::kPaused};

std::string state_name(model::ServerState state) {
  return std::string(model::server_state_name(state));
}

void add_own(Figures& figures, const Snapshot& snapshot) {
  const model::ClusterView& view = snapshot.view;
  figures.family("waypost_info", "Always 1; who this nameserver is");
  figures.add(1, {{"name", utf8(view.server_name)},
                  {"version", utf8(view.server_version)}});
  figures.family("waypost_state", "1 for the state that it is in");
  for (const model::ServerState state : kStates) {
    figures.add(view.state == state, {{"state", state_name(state)}});
  }
  figures.single("waypost_ready", "1 while /readyz answers 200",
                 why_not_ready(snapshot).empty());
  figures.single("waypost_uptime_seconds", "Since it started",
                 seconds(view.uptime));
  figures.single("waypost_client_connections", "At the service port",
                 static_cast<double>(snapshot.client_connections));
  figures.family("waypost_netsplit_gate_closed",
                 "1 for operations refused because members are missing");
  for (const std::string& operation : snapshot.open_gates) {
    figures.add(0, {{"operation", operation}});
  }
  for (const std::string& operation : snapshot.closed_gates) {
    figures.add(1, {{"operation", operation}});
  }
}

void add_table(Figures& figures, const Snapshot& snapshot) {
  const model::ClusterView& view = snapshot.view;
  const double direct = static_cast<double>(snapshot.direct_brokers);
  figures.single("waypost_broker_clusters", "Clusters that brokers form",
                 view.clusters);
  figures.single("waypost_topics", "Topics in the table", view.topics);
  figures.family("waypost_brokers",
                 "Brokers: direct are heard here, indirect by peers alone");
  figures.add(direct, {{"heard", "direct"}});
  figures.add(view.brokers - direct, {{"heard", "indirect"}});
  figures.single("waypost_suspect_brokers", "Brokers that are silent",
                 view.suspects);
  figures.single("waypost_unhealthy_brokers", "Brokers whose probes fail",
                 view.unhealthy);
  figures.single("waypost_expiry_brake_engaged",
                 "1 while the removal of many silent brokers is held back",
                 view.brake_releases_in.has_value());
  figures.single("waypost_expiry_brake_releases_in_seconds",
                 "For how long yet; 0 when it is not held back",
                 seconds(view.brake_releases_in.value_or(base::Duration(0))));
}

std::string reach_of(const model::MemberListing& member) {
  if (member.forgotten) return "forgotten";
  if (member.down) return "down";
  switch (member.reach) {
    case model::PeerReach::kReachable:
      return "reachable";
    case model::PeerReach::kUnreachable:
      return "unreachable";
    default:
      return "unknown";
  }
}

void add_members(Figures& figures, const model::ClusterMembers& peers) {
  std::map<std::pair<std::string, std::string>, int> counts;
  for (const auto& member : peers.members) {
    ++counts[{reach_of(member), state_name(member.state)}];
  }
  figures.family("waypost_members",
                 "Nameservers of the group, this one among them, by whether "
                 "this one reaches them and the state that they last told");
  for (const auto& [of, count] : counts) {
    figures.add(count, {{"reach", of.first}, {"state", of.second}});
  }
  const auto of_each = [&](std::string name, std::string help, auto value) {
    figures.family(std::move(name), std::move(help));
    for (const auto& member : peers.members) {
      if (member.self) continue;
      figures.add(value(member), {{"peer", utf8(member.info.name.value())}});
    }
  };
  using Member = model::MemberListing;
  of_each("waypost_peer_reachable", "1 while this nameserver reaches the peer",
          [](const Member& member) {
            return member.reach == model::PeerReach::kReachable ? 1.0 : 0.0;
          });
  of_each("waypost_peer_silent_seconds", "Since the peer was last heard",
          [](const Member& member) { return seconds(member.silent_for); });
  of_each("waypost_peer_brokers_heard", "Brokers that the peer hears itself",
          [](const Member& member) {
            return static_cast<double>(member.holdings);
          });
  of_each("waypost_peer_divergence_seconds",
          "For how long what the peer holds and what is known of that here "
          "have differed; 0: they do not",
          [](const Member& member) {
            return seconds(member.diverges_for.value_or(base::Duration(0)));
          });
}

void add_partitions(Figures& figures, const Snapshot& snapshot) {
  constexpr std::array<const char*, 6> kKinds = {
      "loss", "outage", "partition", "partial", "one-sided", "own-gap"};
  std::map<std::string, std::pair<int, int>> counts;  // open, all
  for (const char* kind : kKinds) counts[kind] = {};
  for (const auto& entry : snapshot.partitions) {
    auto& [open, all] = counts[entry.kind];
    ++all;
    if (!entry.until) ++open;
  }
  figures.family("waypost_partitions_open", "Records of partitions that go on");
  for (const auto& [kind, count] : counts) {
    figures.add(count.first, {{"kind", kind}});
  }
  figures.family("waypost_partitions_recorded",
                 "Records of partitions, over restarts, until they are cleared "
                 "or make room");
  for (const auto& [kind, count] : counts) {
    figures.add(count.second, {{"kind", kind}});
  }
}

}  // namespace

std::string metrics_text(const Snapshot& snapshot) {
  Figures figures;
  add_own(figures, snapshot);
  add_table(figures, snapshot);
  if (snapshot.peers) {
    const model::ClusterMembers& peers = *snapshot.peers;
    add_members(figures, peers);
    add_partitions(figures, snapshot);
    figures.single("waypost_all_members_fine", "0 while members are missing",
                   peers.ready);
    figures.counter("waypost_netsplits_detected_total",
                    "Times that members began to be missing, since the start",
                    static_cast<double>(peers.netsplits_detected));
    figures.counter("waypost_netsplits_resolved_total",
                    "Times that all were fine again, since the start",
                    static_cast<double>(peers.netsplits_resolved));
  }
  return figures.text();
}

}  // namespace waypost::admin_http

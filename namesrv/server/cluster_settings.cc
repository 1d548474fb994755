#include "namesrv/server/cluster_settings.h"

#include <algorithm>
#include <utility>

#include "namesrv/server/admin_settings.h"
#include "namesrv/server/etcd_lease_settings.h"

namespace waypost::server {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kSecretMinBytes = 8;

tl::unexpected<base::Error> refuse(std::string message, std::string advice) {
  return base::fail(base::ErrorCode::kInvalidArgument, std::move(message),
                    std::move(advice));
}

// A log or a terminal is not moved by what is shown of it.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char each) {
        return static_cast<unsigned char>(each) < ' ' || each == '\x7f';
      },
      '?');
  return text.substr(0, 64);
}

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> found;
  std::string word;
  for (const char each : text + ",") {
    if (each != ',' && each != ' ') {
      word += each;
    } else if (!word.empty()) {
      found.push_back(std::exchange(word, {}));
    }
  }
  return found;
}

void declare_membership(ClusterOptions& options, base::OptionTable& table) {
  membership::MembershipSettings& membership = options.keeper.membership;
  table.text("cluster-listen", options.listen,
             "Address for peers and `waypostctl cluster ...`; empty: this "
             "nameserver knows no others");
  table.text("peers", options.peers,
             "Cluster addresses of other nameservers, host:port,...; one that "
             "is there is enough, the same list everywhere is fine. A host "
             "name stands for all of its addresses, looked up again and again");
  table.text("cluster.advertise", options.advertise,
             "Address at which peers reach the cluster port, where that is "
             "another than it listens on");
  table.text("cluster.secret", options.secret,
             "Shared by all peers and by waypostctl; may be left out on the "
             "loopback interface alone. It guards the opening of connections, "
             "not what is said on them: the cluster port belongs into a "
             "trusted network");
  table.text("cluster.secret-file", options.secret_file,
             "File that holds the secret, instead of cluster.secret");
  table.text("cluster.roles", options.roles,
             "Roles of this nameserver, for strategies that count one of them");
  table.text("cluster.zone", options.zone, "Zone, shown to people");
  table.duration("cluster.heartbeat-interval",
                 membership.detector.heartbeat_interval, milliseconds(50),
                 seconds(60), "How often peers are told and asked");
  table.duration("cluster.unreachable-after", membership.detector.timeout,
                 milliseconds(100), seconds(600),
                 "Silence after which a peer is unreachable; also how long "
                 "this nameserver may not run without mistrusting itself");
  table.choice("cluster.failure-detector", options.detector,
               {"timeout", "adaptive"},
               "timeout: cluster.unreachable-after; adaptive: longer for peers "
               "that are heard irregularly (phi accrual)");
  table.number("cluster.phi-threshold", options.phi_threshold, 1, 16,
               "adaptive: the suspicion from which on a peer is unreachable");
  table.duration("cluster.acceptable-pause",
                 membership.detector.acceptable_pause, base::Duration(0),
                 seconds(600), "adaptive: pause of a peer that is accepted");
  table.duration("cluster.join-max-wait", membership.join_max_wait,
                 base::Duration(0), seconds(600),
                 "How long a start looks for peers before it goes on alone");
}

void declare_partitions(ClusterOptions& options, base::OptionTable& table) {
  partition::Settings& settings = options.keeper.partition;
  table.choice("cluster.partition-handling", options.partition_handling,
               partition::mode_names(),
               "What is done when nameservers lose sight of each other; the "
               "same everywhere. docs/partitions.md tells which to choose");
  table.text("cluster.pause-if-all-down.nodes", options.pause_nodes,
             "Names of the peers of which one must be reachable, a,b,...");
  table.text("cluster.pause-if-all-down.recover", options.pause_recover,
             "What follows a cut with listed nodes on both sides: ignore or "
             "autoheal");
  table.duration("cluster.autoheal-state-transition-timeout",
                 settings.autoheal_state_transition_timeout, milliseconds(100),
                 hours(1),
                 "How long a losing nameserver waits for the winner's word "
                 "before it starts again by itself");
  table.duration("cluster.stable-after", settings.stable_after,
                 base::Duration(0), hours(1),
                 "Quiet time before a downing decision, since the last change");
  table.text("cluster.down-all-when-unstable", options.down_all_when_unstable,
             "on: all go down when the view does not come to rest for three "
             "quarters of stable-after more, 4s at least; off; or a time");
  table.number("cluster.static-quorum.quorum-size", options.quorum_size, 0,
               100'000,
               "Members that a side needs to stay: more than half of all");
  table.text("cluster.static-quorum.role", settings.static_quorum_role,
             "Only members with this role count");
  table.text("cluster.keep-majority.role", settings.keep_majority_role,
             "Only members with this role count");
  table.text("cluster.keep-oldest.role", settings.keep_oldest_role,
             "The oldest with this role decides");
  table.flag("cluster.keep-oldest.down-if-alone",
             settings.keep_oldest_down_if_alone,
             "The oldest goes when it is alone against two or more");
  table.text("cluster.lease-majority.lease-implementation",
             options.lease_implementation,
             "Who keeps the lease: etcd, or file (for nameservers of one "
             "machine)");
  table.text("cluster.lease-majority.lease-file", options.lease_file,
             "file: the file that is locked, the same for all");
  declare_etcd_lease(options, table);
  table.text("cluster.lease-majority.role", settings.lease_majority_role,
             "Only members with this role count");
  table.duration("cluster.lease-majority.acquire-lease-delay-for-minority",
                 settings.acquire_lease_delay_for_minority, base::Duration(0),
                 hours(1),
                 "How long the smaller side lets the larger go first");
  table.duration("cluster.lease-majority.release-after",
                 settings.lease_release_after, base::Duration(0), hours(24),
                 "How long the lease is kept after the losers are gone");
  table.choice("cluster.netsplit-gate", options.netsplit_gate,
               {"off", "all-members"},
               "all-members: while any member is missing, operations are "
               "refused unless allowed below");
  constexpr const char* kKeys[] = {"register", "unregister", "query", "config"};
  for (std::size_t i = 0; i < partition::kOperations; ++i) {
    const std::string operation = kKeys[i];
    table.flag("cluster.allow-" + operation + "-during-netsplit",
               settings.gate.allow[i],
               "With netsplit-gate = all-members: allow " + operation +
                   " while members are missing");
  }
}

base::Status read_secret(ClusterOptions& options) {
  if (options.secret_file.empty()) return {};
  auto secret = read_secret_file("cluster.secret-file", options.secret_file);
  if (!secret) return tl::unexpected(secret.error());
  options.secret = std::move(*secret);
  return {};
}

base::Status check_secret(const ClusterOptions& options) {
  if (options.secret.empty()) {
    if (is_loopback(options.listen_at->host)) return {};
    return refuse("cluster-listen " + options.listen +
                      " can be reached from elsewhere, and there is no "
                      "cluster.secret",
                  "set cluster.secret-file, the same everywhere, or listen on "
                  "the loopback interface");
  }
  if (options.secret.size() < kSecretMinBytes) {
    return refuse("cluster.secret is shorter than " +
                      std::to_string(kSecretMinBytes) + " bytes",
                  "head -c 24 /dev/urandom | base64 makes a good one");
  }
  return {};
}

base::Status complete_partitions(ClusterOptions& options) {
  partition::Settings& settings = options.keeper.partition;
  settings.mode = static_cast<partition::Mode>(options.partition_handling);
  settings.pause_if_all_down_nodes.clear();
  for (const std::string& name : words(options.pause_nodes)) {
    settings.pause_if_all_down_nodes.emplace_back(name);
  }
  if (!options.pause_recover.empty()) {
    const auto recover = partition::parse_recover(options.pause_recover);
    if (!recover) return tl::unexpected(recover.error());
    settings.pause_if_all_down_recover = *recover;
  }
  const auto unstable =
      partition::DownAllWhenUnstable::parse(options.down_all_when_unstable);
  if (!unstable) return tl::unexpected(unstable.error());
  settings.down_all_when_unstable = *unstable;
  if (options.quorum_size > 0) settings.quorum_size = options.quorum_size;
  if (!options.lease_implementation.empty()) {
    const auto kind = partition::parse_lease_kind(options.lease_implementation);
    if (!kind) return tl::unexpected(kind.error());
    settings.lease_implementation = *kind;
    if (*kind == partition::LeaseKind::kEtcd) {
      if (auto etcd = complete_etcd_lease(options); !etcd) return etcd;
    } else if (options.lease_file.empty()) {
      return refuse("the file lease has no file",
                    "set cluster.lease-majority.lease-file, the same for all");
    }
  }
  settings.gate.all_members = options.netsplit_gate == 1;
  return partition::check(settings);
}

// Names are shown in lists, logs and commands, and written in lists that commas
// or blanks part.
base::Status check_name(const std::string& key, const std::string& name) {
  constexpr std::size_t kNameMaxBytes = 255;
  const auto breaks = [](char each) {
    const auto byte = static_cast<unsigned char>(each);
    return byte <= ' ' || byte == 0x7f || each == ',';
  };
  if (std::any_of(name.begin(), name.end(), breaks)) {
    return refuse(key + " '" + printable(name) +
                      "' holds a comma, a blank or a control character",
                  "use letters, digits, '.', '-', '_'; a name stands in lists");
  }
  if (name.size() > kNameMaxBytes) {
    return refuse(
        key + " is longer than " + std::to_string(kNameMaxBytes) + " bytes",
        "take a shorter one");
  }
  return {};
}

base::Status check_names(const ClusterOptions& options,
                         const std::string& name) {
  if (auto own = check_name("name", name); !own) return own;
  if (auto zone = check_name("cluster.zone", options.zone); !zone) return zone;
  // Commas and blanks part roles, here and where strategies name one.
  for (const std::string& role : words(options.roles)) {
    if (auto fine = check_name("cluster.roles", role); !fine) return fine;
  }
  for (const std::string& listed : words(options.pause_nodes)) {
    auto fine = check_name("cluster.pause-if-all-down.nodes", listed);
    if (!fine) return fine;
  }
  return {};
}

base::Status complete_addresses(ClusterOptions& options) {
  const auto listen = base::parse_endpoint(options.listen);
  if (!listen)
    return tl::unexpected(listen.error().with_context("cluster-listen"));
  options.listen_at = *listen;
  if (!options.advertise.empty()) {
    const auto advertise = base::parse_endpoint(options.advertise);
    if (!advertise) {
      return tl::unexpected(
          advertise.error().with_context("cluster.advertise"));
    }
    options.advertise_as = *advertise;
  } else if (listen->host == "0.0.0.0" || listen->host == "::") {
    return refuse(
        "cluster-listen " + options.listen + " tells peers no address to call",
        "set cluster.advertise, or listen on one address");
  }
  options.keeper.peers.clear();
  if (options.peers.empty()) return {};
  const auto peers = base::parse_endpoints(options.peers);
  if (!peers) return tl::unexpected(peers.error().with_context("peers"));
  options.keeper.peers = *peers;
  return {};
}

}  // namespace

void declare_cluster_options(ClusterOptions& options,
                             base::OptionTable& table) {
  declare_membership(options, table);
  declare_partitions(options, table);
}

bool is_loopback(const std::string& host) {
  if (host == "localhost" || host == "::1") return true;
  // A number, not a name that begins like one.
  return host.starts_with("127.") &&
         host.find_first_not_of("0123456789.") == std::string::npos;
}

base::Status complete_cluster(ClusterOptions& options,
                              const std::string& name) {
  options.listen_at.reset();
  if (options.listen.empty()) {
    if (!options.peers.empty()) {
      return refuse("there are peers, but no cluster-listen",
                    "say --cluster-listen HOST:PORT, where they reach this "
                    "nameserver");
    }
    return {};
  }
  if (name.empty()) {
    return refuse("a nameserver with peers needs a name of its own",
                  "say --name N; it must stay the same over restarts");
  }
  if (auto names = check_names(options, name); !names) return names;
  if (auto addresses = complete_addresses(options); !addresses)
    return addresses;
  if (auto secret = read_secret(options); !secret) return secret;
  if (auto secret = check_secret(options); !secret) return secret;
  membership::DetectorSettings& detector = options.keeper.membership.detector;
  detector.form = options.detector == 0 ? membership::DetectorForm::kTimeout
                                        : membership::DetectorForm::kAdaptive;
  detector.phi_threshold = static_cast<double>(options.phi_threshold);
  if (detector.timeout < 2 * detector.heartbeat_interval) {
    return refuse("cluster.unreachable-after is below two heartbeat intervals",
                  "one lost heartbeat would be a lost peer; 5s and 1s are the "
                  "defaults");
  }
  return complete_partitions(options);
}

}  // namespace waypost::server

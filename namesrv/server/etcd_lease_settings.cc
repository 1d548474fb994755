#include "namesrv/server/etcd_lease_settings.h"

#include <filesystem>
#include <utility>

#include "namesrv/server/admin_settings.h"

namespace waypost::server {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string key_of(const char* name) {
  return std::string("cluster.lease-majority.") + name;
}

tl::unexpected<base::Error> refuse(std::string message, std::string advice) {
  return base::fail(base::ErrorCode::kInvalidArgument, std::move(message),
                    std::move(advice));
}

// A file for one program's eyes.
base::Status check_private(const std::string& key, const std::string& path) {
  using std::filesystem::perms;
  std::error_code error;
  const perms mode = std::filesystem::status(path, error).permissions();
  if (error || (mode & perms::others_all) == perms::none) return {};
  return refuse(key + " " + path + " is open to every user of this machine",
                "chmod 600, or 640 with this nameserver's group");
}

base::Status complete_user(ClusterOptions& options) {
  const std::string key = key_of("etcd-password-file");
  options.etcd_lease.user = {options.etcd_user, {}};
  if (options.etcd_user.empty() && options.etcd_password_file.empty()) {
    return {};
  }
  if (options.etcd_user.empty()) {
    return refuse("there is an etcd-password-file, but no etcd-user",
                  "set " + key_of("etcd-user") + ", or leave the file out");
  }
  if (options.etcd_password_file.empty()) {
    return refuse("etcd-user " + options.etcd_user + " has no password",
                  "set " + key + " to a file that holds it");
  }
  auto password = read_secret_file(key, options.etcd_password_file);
  if (!password) return tl::unexpected(password.error());
  if (password->empty()) {
    return refuse(key + " " + options.etcd_password_file + " is empty",
                  "it takes one line, the password of " + options.etcd_user);
  }
  if (auto kept = check_private(key, options.etcd_password_file); !kept) {
    return kept;
  }
  options.etcd_lease.user.password = std::move(*password);
  return {};
}

base::Status complete_tls(ClusterOptions& options, bool tls) {
  const transport::TlsFiles files{options.etcd_ca_file,
                                  options.etcd_certificate_file,
                                  options.etcd_key_file};
  options.etcd_lease.servers.tls.reset();
  const bool named =
      !files.ca.empty() || !files.certificate.empty() || !files.key.empty();
  if (!tls) {
    if (!named) return {};
    return refuse(
        "there are files for TLS to etcd, but etcd-endpoints has "
        "http alone",
        "write https:// in " + key_of("etcd-endpoints") +
            ", or leave the files out");
  }
  if (files.certificate.empty() != files.key.empty()) {
    return refuse("etcd-certificate-file and etcd-key-file go together",
                  "set both, or none");
  }
  if (!files.key.empty()) {
    if (auto kept = check_private(key_of("etcd-key-file"), files.key); !kept) {
      return kept;
    }
  }
  auto context = transport::TlsContext::for_clients(files);
  if (!context) {
    return tl::unexpected(context.error().with_context("TLS to etcd"));
  }
  options.etcd_lease.servers.tls = std::move(*context);
  return {};
}

}  // namespace

void declare_etcd_lease(ClusterOptions& options, base::OptionTable& table) {
  table.text("cluster.lease-majority.etcd-endpoints", options.etcd_endpoints,
             "etcd: its members' client addresses, https://host:port,... or "
             "http://host:port,...; tried in turn");
  table.text("cluster.lease-majority.etcd-ca-file", options.etcd_ca_file,
             "etcd with https: certificates (PEM) of who vouches for its "
             "members; empty: whom this machine trusts");
  table.text("cluster.lease-majority.etcd-certificate-file",
             options.etcd_certificate_file,
             "etcd with https: this nameserver's certificate (PEM), where etcd "
             "asks for one");
  table.text("cluster.lease-majority.etcd-key-file", options.etcd_key_file,
             "etcd with https: the certificate's key (PEM, no passphrase), "
             "readable by this nameserver's user or group alone");
  table.text("cluster.lease-majority.etcd-user", options.etcd_user,
             "etcd: who to be there, where it has users; may read and write "
             "keys below waypost/lease/");
  table.text("cluster.lease-majority.etcd-password-file",
             options.etcd_password_file,
             "etcd: file that holds the user's password, readable by this "
             "nameserver's user or group alone");
  table.text("cluster.lease-majority.lease-name",
             options.keeper.partition.lease_name,
             "etcd: which lease, the same for all of a group; empty: "
             "waypost-sbr");
  table.duration("cluster.lease-majority.heartbeat-timeout",
                 options.etcd_lease.ttl, seconds(1), hours(24),
                 "etcd: how long the lease of a nameserver that died is kept "
                 "from others; not less than release-after");
  table.duration("cluster.lease-majority.heartbeat-interval",
                 options.etcd_lease.keepalive_interval, milliseconds(100),
                 hours(1), "etcd: how often a lease is kept alive");
  table.duration("cluster.lease-majority.lease-operation-timeout",
                 options.etcd_lease.operation_timeout, milliseconds(100),
                 seconds(600),
                 "etcd: how long is waited for it; no answer is a no");
}

// Who got the lease and died must be as good as one that lives: until then the
// other side has decided, and found it taken.
base::Status complete_etcd_lease(ClusterOptions& options) {
  etcd::EtcdLeaseSettings& lease = options.etcd_lease;
  if (options.etcd_endpoints.empty()) {
    return refuse(
        "the lease in etcd has no etcd",
        "set " + key_of("etcd-endpoints") + " to http://host:2379,...");
  }
  auto endpoints = etcd::parse_etcd_endpoints(options.etcd_endpoints);
  if (!endpoints) {
    return tl::unexpected(
        endpoints.error().with_context(key_of("etcd-endpoints")));
  }
  lease.servers.endpoints = endpoints->endpoints;
  if (auto tls = complete_tls(options, endpoints->tls); !tls) return tls;
  if (auto user = complete_user(options); !user) return user;
  lease.key = "waypost/lease/" +
              partition::lease_name_or(options.keeper.partition.lease_name,
                                       "waypost-sbr");
  if (lease.ttl % seconds(1) != base::Duration(0)) {
    return refuse(key_of("heartbeat-timeout") + " is not in whole seconds",
                  "etcd counts in seconds");
  }
  if (lease.ttl < options.keeper.partition.lease_release_after) {
    return refuse(
        key_of("heartbeat-timeout") + " is shorter than release-after",
        "the lease of one that died would be free before the other "
        "side has decided; 120s and 40s are the defaults");
  }
  if (lease.ttl < 3 * lease.keepalive_interval) {
    return refuse(
        key_of("heartbeat-timeout") + " is below three heartbeat intervals",
        "one lost keepalive would be a lost lease; 120s and 12s are "
        "the defaults");
  }
  return {};
}

}  // namespace waypost::server

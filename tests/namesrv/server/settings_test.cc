#include "namesrv/server/settings.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include <doctest/doctest.h>
#include <sched.h>

#include "tests/support/temp_dir.h"

namespace waypost::server {
namespace {

std::string shown(const ServerSettings& settings, const std::string& key) {
  const auto& fixed = settings.remoting.configuration.fixed;
  const auto found =
      std::find_if(fixed.begin(), fixed.end(),
                   [&](const auto& each) { return each.first == key; });
  return found == fixed.end() ? "(absent)" : found->second;
}

TEST_CASE("tools are shown all options, and RocketMQ's names for some") {
  ServerSettings settings;
  settings.data_dir = "/data";
  base::OptionTable table;
  declare_options(settings, table);
  settings.cluster.secret = "sesame";
  REQUIRE(complete(settings).has_value());
  settings.listen = {"10.0.0.1", 9877};
  show_settings(table, settings);

  CHECK(shown(settings, "listenPort") == "9877");
  CHECK(shown(settings, "bindAddress") == "10.0.0.1");
  CHECK(shown(settings, "scanNotActiveBrokerInterval") == "10000");
  CHECK(shown(settings, "serverChannelMaxIdleTimeSeconds") == "120");
  CHECK(shown(settings, "waitSecondsForService") == "45");
  CHECK(shown(settings, "needWaitForService") == "true");
  CHECK(shown(settings, "liveness.broker-expiry") == "120s");
  CHECK(shown(settings, "data-dir") == "/data");
  CHECK(shown(settings, "cluster.secret") == "(hidden)");
  for (const model::Setting& each : settings.native.fixed_settings) {
    CHECK(each.value.find("sesame") == std::string::npos);
  }
}

TEST_CASE("there is one I/O thread for each core that the server may use") {
  std::thread([] {
    cpu_set_t all;
    REQUIRE(sched_getaffinity(0, sizeof all, &all) == 0);
    ServerSettings settings;
    settings.data_dir = "/data";
    REQUIRE(complete(settings).has_value());
    CHECK(settings.io_threads == CPU_COUNT(&all));
    cpu_set_t one;
    CPU_ZERO(&one);
    for (std::size_t core = 0; CPU_COUNT(&one) == 0; ++core) {
      if (CPU_ISSET(core, &all)) CPU_SET(core, &one);
    }
    REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
    ServerSettings pinned;
    pinned.data_dir = "/data";
    REQUIRE(complete(pinned).has_value());
    CHECK(pinned.io_threads == 1);
    ServerSettings told;
    told.data_dir = "/data";
    told.io_threads = 3;
    REQUIRE(complete(told).has_value());
    CHECK(told.io_threads == 3);
  }).join();
}

TEST_CASE("secrets are known by their keys") {
  for (const char* key : {"cluster.secret", "admin.token", "tls.private-key",
                          "etcd.password", "acl.credentials"}) {
    CAPTURE(std::string(key));
    CHECK(is_secret(key));
  }
  for (const char* key : {"listen", "io.threads", "limits.payload"}) {
    CHECK_FALSE(is_secret(key));
  }
}

std::string refusal(const std::function<void(ClusterOptions&)>& change) {
  ClusterOptions options;
  options.listen = "127.0.0.1:0";
  options.partition_handling =
      static_cast<std::size_t>(partition::Mode::kLeaseMajority);
  options.lease_implementation = "etcd";
  options.etcd_endpoints = "http://10.0.0.7:2379,http://etcd-2:2379/";
  change(options);
  const auto done = complete_cluster(options, "ns");
  return done ? "" : done.error().to_string();
}

TEST_CASE("a lease in etcd: what would not work is refused in words") {
  CHECK(refusal([](auto&) {}).empty());
  CHECK(refusal([](auto& o) { o.etcd_endpoints = ""; }).find("no etcd") !=
        std::string::npos);
  CHECK(refusal([](auto& o) { o.etcd_endpoints = "https://h:1"; }).empty());
  CHECK(refusal([](auto& o) {
          o.etcd_endpoints = "https://h:1,h:2";
        }).find("https") != std::string::npos);
  CHECK(refusal([](auto& o) { o.etcd_ca_file = "/ca"; }).find("http alone") !=
        std::string::npos);
  CHECK(refusal([](auto& o) {
          o.etcd_endpoints = "https://h:1";
          o.etcd_ca_file = "/nowhere/ca.pem";
        }).find("/nowhere/ca.pem") != std::string::npos);
  CHECK(refusal([](auto& o) {
          o.etcd_endpoints = "https://h:1";
          o.etcd_certificate_file = "/nowhere/us.pem";
        }).find("go together") != std::string::npos);
  CHECK(refusal([](auto& o) {
          o.etcd_lease.ttl = std::chrono::seconds(39);
        }).find("shorter than release-after") != std::string::npos);
  CHECK(refusal([](auto& o) {
          o.etcd_lease.keepalive_interval = std::chrono::seconds(41);
        }).find("three heartbeat intervals") != std::string::npos);
  CHECK(refusal([](auto& o) {
          o.etcd_lease.ttl = std::chrono::milliseconds(120'500);
        }).find("whole seconds") != std::string::npos);
  ClusterOptions options;
  options.listen = "127.0.0.1:0";
  options.partition_handling =
      static_cast<std::size_t>(partition::Mode::kLeaseMajority);
  options.lease_implementation = "etcd";
  options.etcd_endpoints = "h1:1,h2:2";
  options.keeper.partition.lease_name = " blue ";
  REQUIRE(complete_cluster(options, "ns").has_value());
  CHECK(options.etcd_lease.key == "waypost/lease/blue");
  CHECK(options.etcd_lease.servers.endpoints.size() == 2);
}

TEST_CASE("a user of etcd has a password, in a file of his own") {
  support::TempDir directory;
  const std::string file = directory / "password";
  support::write_file(file, "s3cret\n");
  const auto with = [&](std::filesystem::perms mode, ClusterOptions& o) {
    std::filesystem::permissions(file, mode);
    o.etcd_user = "waypost";
    o.etcd_password_file = file;
  };
  using std::filesystem::perms;
  CHECK(refusal([&](auto& o) {
          with(perms::owner_read | perms::group_read, o);
        }).empty());
  CHECK(refusal([&](auto& o) {
          with(perms::owner_read | perms::others_read, o);
        }).find("chmod 600") != std::string::npos);
  std::filesystem::permissions(file, perms::owner_all);
  CHECK(refusal([&](auto& o) {
          o.etcd_user = "waypost";
        }).find("no password") != std::string::npos);
  CHECK(refusal([&](auto& o) {
          o.etcd_password_file = file;
        }).find("no etcd-user") != std::string::npos);
  CHECK(refusal([&](auto& o) {
          o.etcd_user = "waypost";
          o.etcd_password_file = directory / "nothing";
        }).find("cannot be read") != std::string::npos);
  support::write_file(file, "\n");
  CHECK(refusal([&](auto& o) { with(perms::owner_all, o); }).find("is empty") !=
        std::string::npos);
}

TEST_CASE("names that would break a list or a terminal are refused in words") {
  const auto named = [](const std::string& name, const std::string& zone,
                        const std::string& roles) {
    ClusterOptions options;
    options.listen = "127.0.0.1:0";
    options.zone = zone;
    options.roles = roles;
    const auto done = complete_cluster(options, name);
    return done ? "" : done.error().to_string();
  };
  CHECK(named("ns-1.example_org", "zone/ä:1", "core, backup dc-2").empty());
  for (const char* wrong : {"a,b", "a b", "a\tb", "a\nb", " a", "a\x7f"}) {
    CAPTURE(wrong);
    CHECK(named(wrong, "", "").find("name '") != std::string::npos);
    CHECK(named("ns", wrong, "").find("cluster.zone") != std::string::npos);
  }
  CHECK(named("a\x1b[2J", "", "").find('\x1b') == std::string::npos);
  CHECK(named("ns", "", "core,a\tb").find("cluster.roles") !=
        std::string::npos);
  CHECK(named(std::string(256, 'n'), "", "").find("255") != std::string::npos);
}

}  // namespace
}  // namespace waypost::server

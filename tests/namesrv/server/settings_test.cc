#include "namesrv/server/settings.h"

#include <algorithm>
#include <string>
#include <thread>

#include <doctest/doctest.h>
#include <sched.h>

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

}  // namespace
}  // namespace waypost::server

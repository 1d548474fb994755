#include "namesrv/server/settings.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

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
  std::string secret = "sesame";
  table.text("cluster.secret", secret, "A secret.");
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

#include "namesrv/server/rocketmq_properties.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "tests/support/temp_dir.h"

namespace waypost::server {
namespace {

using namespace std::chrono_literals;

class File {
 public:
  explicit File(const std::string& text) {
    std::ofstream(path(), std::ios::binary) << text;
  }
  std::string path() const {
    return (dir_.path() / "namesrv.properties").string();
  }

 private:
  support::TempDir dir_;
};

base::Result<PropertiesReport> apply(const std::string& text,
                                     ServerSettings& settings,
                                     const std::set<std::string>& given = {}) {
  const File file(text);
  return apply_rocketmq_properties(
      file.path(),
      [&](std::string_view option) {
        return given.contains(std::string(option));
      },
      settings);
}

std::string why_ignored(const PropertiesReport& report,
                        const std::string& key) {
  const auto found =
      std::find_if(report.ignored.begin(), report.ignored.end(),
                   [&](const auto& line) { return line.key == key; });
  return found == report.ignored.end() ? std::string() : found->what;
}

TEST_CASE("keys that mean something here act") {
  ServerSettings settings;
  const auto report = apply(
      "# a cluster's file\n"
      "listenPort=9877\n"
      "bindAddress=10.0.0.7\n"
      "scanNotActiveBrokerInterval=5000\n"
      "serverChannelMaxIdleTimeSeconds=60\n"
      "needWaitForService=false \n"
      "waitSecondsForService=7\n"
      "orderMessageEnable=TRUE\n"
      "supportActingMaster=true\n"
      "enableAllTopicList=false\n"
      "enableTopicList=false\n"
      "returnOrderTopicConfigToBroker=false\n"
      "deleteTopicWithBrokerRegistration=true\n"
      "notifyMinBrokerIdChanged=true\n"
      "kvConfigPath=/home/rocketmq/namesrv/kvConfig.json\n"
      "configBlackList=configBlackList;orderMessageEnable\n",
      settings);
  REQUIRE(report.has_value());
  CHECK(report->ignored.empty());
  CHECK(report->applied.size() == 15);
  CHECK(settings.listen == base::Endpoint{"10.0.0.7", 9877});
  CHECK(settings.service.scan_interval == 5s);
  CHECK(settings.remoting.idle == 60s);
  CHECK_FALSE(settings.service.lifecycle.wait_for_roster);
  CHECK(settings.service.lifecycle.starting_max_wait == 7s);
  const service::RemotingSettings& remoting = settings.service.remoting;
  CHECK(remoting.order_message_enable);
  CHECK(remoting.support_acting_master);
  CHECK_FALSE(remoting.enable_all_topic_list);
  CHECK_FALSE(remoting.enable_topic_list);
  CHECK_FALSE(remoting.return_order_topic_config_to_broker);
  CHECK(remoting.delete_topic_with_broker_registration);
  CHECK(remoting.notify_min_broker_id_changed);
  CHECK(settings.kv_import_file == "/home/rocketmq/namesrv/kvConfig.json");
  const auto& black_list = settings.remoting.configuration.black_list;
  CHECK(black_list.contains("orderMessageEnable"));
  CHECK(black_list.contains("rocketmqHome"));
}

TEST_CASE("what means nothing here is ignored, each with its reason") {
  ServerSettings settings;
  const auto report = apply(
      "serverWorkerThreads=8\nrocketmqHome=/opt/mq\nnoSuchKey=1\n"
      "serverSocketSndBufSize=0\nenableControllerInNamesrv=true\n",
      settings);
  REQUIRE(report.has_value());
  CHECK(report->applied.empty());
  CHECK(report->ignored.size() == 5);
  CHECK(why_ignored(*report, "serverWorkerThreads").find("io.threads") !=
        std::string::npos);
  CHECK(why_ignored(*report, "noSuchKey") ==
        "not a key of RocketMQ's nameserver");
  CHECK(why_ignored(*report, "enableControllerInNamesrv").find("controller") !=
        std::string::npos);
}

TEST_CASE("what was said more directly counts") {
  ServerSettings settings;
  settings.listen = {"127.0.0.1", 1234};
  const auto report =
      apply("listenPort=9877\nwaitSecondsForService=9\n", settings, {"listen"});
  REQUIRE(report.has_value());
  CHECK(settings.listen == base::Endpoint{"127.0.0.1", 1234});
  CHECK(settings.service.lifecycle.starting_max_wait == 9s);
  CHECK(why_ignored(*report, "listenPort") == "listen is set and counts");
}

TEST_CASE("of a key written twice the last counts") {
  ServerSettings settings;
  REQUIRE(apply("listenPort=1\nlistenPort=2\n", settings).has_value());
  CHECK(settings.listen.port == 2);
}

TEST_CASE("a value that its key does not take is refused by name") {
  for (const char* line :
       {"listenPort=abc", "listenPort=0", "listenPort=65536",
        "orderMessageEnable=maybe", "needWaitForService=1",
        "scanNotActiveBrokerInterval=5", "waitSecondsForService=-1"}) {
    CAPTURE(std::string(line));
    ServerSettings settings;
    const auto report = apply(line, settings);
    REQUIRE_FALSE(report.has_value());
    CHECK(report.error().code == base::ErrorCode::kInvalidArgument);
    const std::string key(line, std::string(line).find('='));
    CHECK(report.error().message.find(key) != std::string::npos);
    CHECK(report.error().advice.starts_with("it takes "));
  }
}

TEST_CASE("a file that cannot be read is an error with its path") {
  ServerSettings settings;
  const auto report = apply_rocketmq_properties(
      "/nonexistent/namesrv.properties", [](std::string_view) { return false; },
      settings);
  REQUIRE_FALSE(report.has_value());
  CHECK(report.error().message.find("/nonexistent/namesrv.properties") !=
        std::string::npos);
}

}  // namespace
}  // namespace waypost::server

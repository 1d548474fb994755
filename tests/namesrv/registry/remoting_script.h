#ifndef WAYPOST_TESTS_NAMESRV_REGISTRY_REMOTING_SCRIPT_H_
#define WAYPOST_TESTS_NAMESRV_REGISTRY_REMOTING_SCRIPT_H_

// What RocketMQ brokers and mqadmin say, for tests that read as transcripts.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/namesrv/registry/registry_script.h"

namespace waypost::registry {

// A registration over remoting, with defaults for what a test does not care
// about.
struct Told {
  std::string broker = "a/0";
  std::uint64_t binding = 1;
  std::int64_t version = 1;  // the counter
  // As in Entry.
  std::vector<std::string> topics = {"t"};
  std::string address = "";  // empty: "<name><id>:1"
  std::string ha = "";
  std::string cluster = "c";
  std::string zone = "";
  std::optional<bool> acting_master = std::nullopt;
  std::optional<model::FilterServers> filter_servers = std::nullopt;
  std::vector<model::StaticTopicMapping> mappings = {};
  std::int64_t state_version = 0;
  OnAddressConflict on_conflict = OnAddressConflict::kLargerStateVersion;
  std::string body = "";  // empty: no digest
  base::Duration expiry{0};
};

class RemotingScript : public Script {
 public:
  using Script::Script;

  RemotingScript& at(base::Duration since_start) {
    Script::at(since_start);
    return *this;
  }

  // Each returns what Script's return.
  std::string enter(const Told& told) { return step(event_of(told)); }
  std::string unchanged(std::string_view broker, std::uint64_t binding,
                        std::string_view body, std::string address = "");
  std::string query(std::string address, std::optional<std::int64_t> version);
  std::string beat(std::string address);
  std::string leave(std::string_view broker, std::string address);
  std::string idle(std::uint64_t binding);
  std::string wipe(std::string name);
  std::string add(std::string name);
  // "rw" and the like; empty: no more.
  std::string hold(std::string name, std::string_view permission);
  std::string drop_topic(std::string topic, std::string cluster = "");
  std::string bring_topic(std::string topic,
                          const std::vector<std::string>& names,
                          std::string_view queues = "t:3:r");
  std::string retune(bool delete_topics_with_registration);

  // As remoting shows it: "a(c)[0=a0:1,1=a1:1]4/4p6 b..." with "{f1 f2}" after
  // an address with filter servers, "@zone" after the cluster, "*" after a name
  // that enables acting masters, "#total" for a mapping; "-" for none.
  std::string shown(std::string_view topic, bool acting = false) const;
  // "a(c)[0=a0:1]; c:a,b" of the cluster information.
  std::string cluster_text() const;
  // Effects of the last step: "min a/1 a1:1 off a0:1 ha h to a1:1 a2:1".
  std::string notices() const;

  static Register event_of(const Told& told);
};

}  // namespace waypost::registry

#endif  // WAYPOST_TESTS_NAMESRV_REGISTRY_REMOTING_SCRIPT_H_

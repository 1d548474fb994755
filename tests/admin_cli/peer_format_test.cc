// How peers and partitions are shown.

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "admin_cli/cluster_command.h"
#include "admin_cli/partition_command.h"

namespace waypost::admin {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const base::Endpoint kPortA{"10.0.0.1", 9877};
const base::Endpoint kPortB{"10.0.0.2", 9877};

model::MemberListing member(const std::string& name, std::uint16_t port) {
  model::MemberListing made;
  made.info.name = model::PeerName(name);
  made.info.incarnation = model::Incarnation(0xabcdef0123456789);
  made.info.cluster_addresses = {{"10.0.0.1", port}};
  made.info.service_addresses = {{"10.0.0.1", 9876}};
  made.info.status = model::PeerStatus::kUp;
  made.info.up_number = 1;
  made.reach = model::PeerReach::kReachable;
  made.holdings = 4;
  return made;
}

ClusterShown shown_with_peers() {
  model::ClusterView view;
  view.server_name = "a";
  ClusterShown shown(view);
  model::ClusterMembers& peers = shown.peers.emplace();
  peers.members = {member("a", 1), member("b", 2), member("c", 3)};
  peers.members[0].self = true;
  peers.members[0].state = model::ServerState::kPaused;
  peers.members[0].state_reason = "minority";
  peers.members[1].reach = model::PeerReach::kUnreachable;
  peers.members[1].silent_for = 12s;
  peers.members[1].reached_by = {model::PeerName("c")};
  peers.members[2].info.status = model::PeerStatus::kJoining;
  peers.members[2].info.up_number = model::kNeverUp;
  peers.members[2].down = true;
  peers.members[2].diverges_for = 90s;
  peers.unknown = {{"10.0.0.9", 9877}};
  peers.partition_handling = "pause-minority";
  peers.leader = model::PeerName("a");
  peers.ready = false;
  peers.missing = {model::PeerName("b")};
  peers.open_partitions = 1;
  peers.warnings = {"two nameservers \x1b[31m"};
  return shown;
}

TEST_CASE("what a peer said in an earlier life is not shown as a reason") {
  ClusterShown shown = shown_with_peers();
  model::MemberListing& gone = shown.peers->members[2];
  gone.state_reason = "all brokers are back";
  CHECK(cluster_table({{kPortA, shown}}).find("all brokers are back") !=
        std::string::npos);
  gone.reach = model::PeerReach::kUnknown;
  CHECK(cluster_table({{kPortA, shown}}).find("all brokers are back") ==
        std::string::npos);
}

TEST_CASE("peers are rows below the nameserver that knows them") {
  const std::string text = cluster_table({{kPortA, shown_with_peers()}});
  CAPTURE(text);
  CHECK(text.find("\na at 10.0.0.1:9877: 3 members, partition handling "
                  "pause-minority, led by a, missing b\n"
                  "MEMBER  REACH                     STATE         UP  "
                  "INCARNATION       CLUSTER PORT  SERVICE        REACHED BY  "
                  "SILENT  HEARS  DIVERGES  REASON\n"
                  "a       self                      paused         1  "
                  "abcdef0123456789  10.0.0.1:1    10.0.0.1:9876  -           "
                  "     -      4         -  minority\n"
                  "b       unreachable               last serving   1  "
                  "abcdef0123456789  10.0.0.1:2    10.0.0.1:9876  c           "
                  " 12.0s      4         -  -\n"
                  "c       reachable, joining, down  serving        -  ") !=
        std::string::npos);
  for (const char* note :
       {"! a does not reach b, silent for 12.0s: c can, look at the link "
        "between the two\n",
        "! what a knows of c has differed from what that one holds for 1m30s\n",
        "! nobody has answered a at 10.0.0.9:9877 yet\n",
        "! a partition goes on at a: see waypostctl cluster partitions\n",
        "! a: two nameservers ?[31m\n"}) {
    CAPTURE(note);
    CHECK(text.find(note) != std::string::npos);
  }
}

TEST_CASE("who is forgotten is missed by nobody") {
  ClusterShown shown = shown_with_peers();
  shown.peers->members[1].forgotten = true;
  const std::string text = cluster_table({{kPortA, shown}});
  CHECK(text.find("unreachable, forgotten") != std::string::npos);
  CHECK(text.find("does not reach") == std::string::npos);
}

TEST_CASE("peers as JSON") {
  const auto document =
      json::parse(cluster_json({{kPortA, shown_with_peers()}}));
  const json& peers = document["answers"][0]["peers"];
  CHECK(peers["partition_handling"] == "pause-minority");
  CHECK(peers["missing"] == json::array({"b"}));
  CHECK(peers["ready"] == false);
  CHECK(peers["unknown_addresses"] == json::array({"10.0.0.9:9877"}));
  REQUIRE(peers["members"].size() == 3);
  const json& b = peers["members"][1];
  CHECK(b["name"] == "b");
  CHECK(b["reach"] == "unreachable");
  CHECK(b["silent_for_ms"] == 12000);
  CHECK(b["reached_by"] == json::array({"c"}));
  CHECK(b["up_number"] == 1);
  CHECK(b["incarnation"] == "abcdef0123456789");
  CHECK(b["diverges_for_ms"].is_null());
  const json& c = peers["members"][2];
  CHECK(c["up_number"].is_null());
  CHECK(c["status"] == "joining");
  CHECK(c["down"] == true);
  CHECK(c["diverges_for_ms"] == 90000);
}

model::PartitionList two_records() {
  model::PartitionEntry over;
  over.id = 7;
  over.kind = "partition";
  over.peers = {model::PeerName("b"), model::PeerName("c")};
  over.seen_by = {model::PeerName("d")};
  over.since = base::WallTime(std::chrono::seconds(1'790'000'000));
  over.until = over.since + 75s;
  over.actions = {"paused: minority", "resumed"};
  model::PartitionEntry open;
  open.id = 8;
  open.kind = "loss";
  open.peers = {model::PeerName("b")};
  open.since = over.since + 100s;
  return {{over, open}};
}

TEST_CASE("partitions: who, since, until, seen by whom, what was done") {
  CHECK(partition_table(
            {{kPortA, two_records()}, {kPortB, model::PartitionList{}}}) ==
        "2 records at 10.0.0.1:9877\n"
        "ID  KIND       PEERS  SINCE                 UNTIL                 "
        "LASTED  SEEN BY  DONE\n"
        " 7  partition  b, c   2026-09-21T14:13:20Z  2026-09-21T14:14:35Z   "
        "1m15s  d        paused: minority; resumed\n"
        " 8  loss       b      2026-09-21T14:15:00Z  goes on               "
        "     -  -        -\n"
        "\n0 records at 10.0.0.2:9877\n");
}

TEST_CASE("a partition whose end nobody saw") {
  model::PartitionList list = two_records();
  list.partitions.pop_back();
  list.partitions[0].end_unknown = true;
  const std::string table = partition_table({{kPortA, list}});
  CHECK(table.find("unknown, last seen 2026-09-21T14:14:35Z  at least 1m15s") !=
        std::string::npos);
  CHECK(json::parse(partition_json(
            {{kPortA, list}}))["answers"][0]["partitions"][0]["end_unknown"] ==
        true);
}

TEST_CASE("partitions as JSON") {
  const auto document = json::parse(partition_json({{kPortA, two_records()}}));
  CHECK(document["command"] == "cluster partitions");
  CHECK(document["answers"][0]["partitions"] == json::parse(R"([
    {"id": 7, "kind": "partition", "peers": ["b", "c"], "seen_by": ["d"],
     "since_ms": 1790000000000, "until_ms": 1790000075000,
     "end_unknown": false, "actions": ["paused: minority", "resumed"]},
    {"id": 8, "kind": "loss", "peers": ["b"], "seen_by": [],
     "since_ms": 1790000100000, "until_ms": null, "end_unknown": false,
     "actions": []}])"));
}

}  // namespace
}  // namespace waypost::admin

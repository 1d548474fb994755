#include "namesrv/admin/pages.h"

#include <utility>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace waypost::admin_http {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using model::PeerName;
using model::ServerState;

Snapshot serving() {
  Snapshot taken;
  taken.view.server_name = "ns-a";
  taken.view.incarnation = model::Incarnation(0xab);
  taken.view.state = ServerState::kServing;
  taken.view.brokers = 5;
  taken.view.topics = 40;
  taken.direct_brokers = 3;
  taken.client_connections = 7;
  taken.open_gates = {"register", "query"};
  return taken;
}

model::PartitionEntry record(std::uint64_t id, const char* kind, bool open) {
  model::PartitionEntry entry;
  entry.id = id;
  entry.kind = kind;
  entry.peers = {PeerName("ns-b")};
  entry.seen_by = {PeerName("ns-c")};
  entry.since = base::WallTime(1'700'000'000s);
  if (!open) entry.until = entry.since + 60s;
  entry.actions = {"paused"};
  return entry;
}

Snapshot in_a_partition() {
  Snapshot taken = serving();
  model::ClusterMembers& peers = taken.peers.emplace();
  model::MemberListing self;
  self.self = true;
  self.info.name = PeerName("ns-a");
  self.reach = model::PeerReach::kReachable;
  self.holdings = 3;
  model::MemberListing lost;
  lost.info.name = PeerName("ns-\xff\"b");  // a stranger's bytes
  lost.info.status = model::PeerStatus::kUp;
  lost.info.up_number = 2;
  lost.info.cluster_addresses = {{"10.0.0.2", 9877}};
  lost.reach = model::PeerReach::kUnreachable;
  lost.state = ServerState::kServing;
  lost.silent_for = 12s;
  lost.reached_by = {PeerName("ns-c")};
  lost.diverges_for = 90s;
  peers.members = {self, lost};
  peers.partition_handling = "pause-minority";
  peers.ready = false;
  peers.missing = {PeerName("ns-b")};
  peers.netsplits_detected = 4;
  peers.open_partitions = 1;
  taken.partitions = {record(1, "outage", false), record(2, "partial", true)};
  return taken;
}

Page page_of(const Snapshot& taken, const std::string& path,
             const std::string& method = "GET") {
  Pages::Shell shell;
  shell.snapshot = [&] { return std::make_shared<const Snapshot>(taken); };
  shell.cluster_settings = {{"cluster.secret", "(hidden)"}};
  return Pages(shell).answer({method, path, ""});
}

std::size_t occurrences(const std::string& text, const std::string& line) {
  std::size_t count = 0;
  for (std::size_t at = text.find(line); at != std::string::npos;
       at = text.find(line, at + 1)) {
    ++count;
  }
  return count;
}

TEST_CASE("ready while serving, and only then; the body says why not") {
  CHECK(page_of(serving(), "/readyz").status == 200);
  CHECK(Json::parse(page_of(serving(), "/readyz").body)["ready"] == true);
  for (const ServerState state :
       {ServerState::kStarting, ServerState::kRecovering,
        ServerState::kDraining, ServerState::kPaused}) {
    Snapshot taken = serving();
    taken.view.state = state;
    taken.view.state_reason = "because of it";
    const Page page = page_of(taken, "/readyz");
    CHECK(page.status == 503);
    const Json body = Json::parse(page.body);
    CHECK(body["ready"] == false);
    CHECK(body["state"] == model::server_state_name(state));
    CHECK(body["reason"] == "because of it");
    // It lives all the same.
    CHECK(page_of(taken, "/livez").status == 200);
  }
  Snapshot no_reason = serving();
  no_reason.view.state = ServerState::kPaused;
  CHECK(page_of(no_reason, "/readyz").status == 503);
}

TEST_CASE("a netsplit gate that refuses route queries is not ready") {
  Snapshot taken = serving();
  taken.closed_gates = {"config"};
  CHECK(page_of(taken, "/readyz").status == 200);
  taken.closed_gates = {"query", "config"};
  taken.queries_refused = "netsplit, missing peers ns-b";
  const Page page = page_of(taken, "/readyz");
  CHECK(page.status == 503);
  const Json body = Json::parse(page.body);
  CHECK(body["state"] == "serving");
  CHECK(body["reason"] == "netsplit, missing peers ns-b");
  CHECK(body["closed_gates"] == Json({"query", "config"}));
}

TEST_CASE("a registry thread that hangs shows on every page") {
  Pages::Shell shell;
  shell.snapshot = []() -> base::Result<Snapshots::Taken> {
    return base::fail(base::ErrorCode::kTimedOut, "it has not turned for 3s");
  };
  const Pages pages(shell);
  for (const char* path : {"/livez", "/readyz", "/v1/cluster", "/metrics"}) {
    const Page page = pages.answer({"GET", path, ""});
    CHECK(page.status == 503);
    CHECK(Json::parse(page.body)["error"]["message"] ==
          "it has not turned for 3s");
  }
}

TEST_CASE("the cluster as JSON: members, who reaches whom, open partitions") {
  const Json body = Json::parse(page_of(in_a_partition(), "/v1/cluster").body);
  CHECK(body["view"]["name"] == "ns-a");
  CHECK(body["view"]["incarnation"] == "00000000000000ab");
  CHECK(body["view"]["direct_brokers"] == 3);
  CHECK(body["view"]["brake_releases_in_ms"].is_null());
  const Json& peers = body["peers"];
  CHECK(peers["partition_handling"] == "pause-minority");
  CHECK(peers["settings"] == Json({{"cluster.secret", "(hidden)"}}));
  CHECK(peers["leader"].is_null());
  CHECK(peers["missing"] == Json({"ns-b"}));
  REQUIRE(peers["members"].size() == 2);
  CHECK(peers["members"][0]["up_number"].is_null());
  const Json& lost = peers["members"][1];
  CHECK(lost["name"] == "ns-\xEF\xBF\xBD\"b");
  CHECK(lost["reach"] == "unreachable");
  CHECK(lost["status"] == "up");
  CHECK(lost["up_number"] == 2);
  CHECK(lost["silent_for_ms"] == 12000);
  CHECK(lost["reached_by"] == Json({"ns-c"}));
  CHECK(lost["diverges_for_ms"] == 90000);
  CHECK(lost["cluster_addresses"] == Json({"10.0.0.2:9877"}));
  REQUIRE(body["open_partitions"].size() == 1);
  CHECK(body["open_partitions"][0]["id"] == 2);
  CHECK(Json::parse(page_of(serving(), "/v1/cluster").body)["peers"].is_null());
}

TEST_CASE("all records of partitions as JSON") {
  const Page page = page_of(in_a_partition(), "/v1/cluster/partitions");
  CHECK(page.content_type == "application/json");
  CHECK(Json::parse(page.body)["partitions"][0] ==
        Json({{"id", 1},
              {"kind", "outage"},
              {"peers", {"ns-b"}},
              {"seen_by", {"ns-c"}},
              {"since_ms", 1'700'000'000'000},
              {"until_ms", 1'700'000'060'000},
              {"end_unknown", false},
              {"actions", {"paused"}}}));
}

TEST_CASE("figures in Prometheus's text format") {
  Snapshot taken = in_a_partition();
  taken.view.brake_releases_in = 90s;
  taken.closed_gates = {"config"};
  const Page page = page_of(taken, "/metrics");
  CHECK(page.content_type.starts_with("text/plain; version=0.0.4"));
  for (const char* line :
       {"\nwaypost_state{state=\"serving\"} 1\n",
        "\nwaypost_state{state=\"paused\"} 0\n", "\nwaypost_ready 1\n",
        "\nwaypost_client_connections 7\n",
        "\nwaypost_brokers{heard=\"direct\"} 3\n",
        "\nwaypost_brokers{heard=\"indirect\"} 2\n",
        "\nwaypost_expiry_brake_engaged 1\n",
        "\nwaypost_expiry_brake_releases_in_seconds 90\n",
        "\nwaypost_netsplit_gate_closed{operation=\"config\"} 1\n",
        "\nwaypost_netsplit_gate_closed{operation=\"query\"} 0\n",
        "\nwaypost_members{reach=\"unreachable\",state=\"serving\"} 1\n",
        "\nwaypost_peer_reachable{peer=\"ns-\xEF\xBF\xBD\\\"b\"} 0\n",
        "\nwaypost_peer_divergence_seconds{peer=\"ns-\xEF\xBF\xBD\\\"b\"} 90\n",
        "\nwaypost_partitions_open{kind=\"partial\"} 1\n",
        "\nwaypost_partitions_open{kind=\"outage\"} 0\n",
        "\nwaypost_partitions_recorded{kind=\"outage\"} 1\n",
        "\n# TYPE waypost_netsplits_detected_total counter\n",
        "\nwaypost_netsplits_detected_total 4\n"}) {
    CAPTURE(line);
    CHECK(occurrences(page.body, line) == 1);
  }
  CHECK(page_of(serving(), "/metrics").body.find("waypost_members") ==
        std::string::npos);
}

TEST_CASE("with a token: probes ask for none, the rest for exactly it") {
  Pages::Shell shell;
  shell.snapshot = [] { return std::make_shared<const Snapshot>(serving()); };
  shell.is_token = [](std::string_view given) { return given == "let-me-in"; };
  const Pages pages(shell);
  const auto status = [&](const char* path, const char* authorization) {
    return pages.answer({"GET", path, authorization}).status;
  };
  CHECK(status("/livez", "") == 200);
  CHECK(status("/readyz", "Bearer wrong") == 200);
  for (const char* path :
       {"/v1/cluster", "/v1/cluster/partitions", "/metrics"}) {
    CHECK(status(path, "") == 401);
    CHECK(status(path, "let-me-in") == 401);
    CHECK(status(path, "Bearer let-me-in2") == 401);
    CHECK(status(path, "Basic let-me-in") == 401);
    CHECK(status(path, "Bearer let-me-in") == 200);
  }
  // Not even which pages there are.
  CHECK(status("/nothing", "") == 401);
  const Page refused = pages.answer({"GET", "/metrics", ""});
  CHECK(refused.headers[0].first == "WWW-Authenticate");
  CHECK(refused.body.find("let-me-in") == std::string::npos);
}

TEST_CASE("other pages and methods are refused in words") {
  CHECK(page_of(serving(), "/").status == 404);
  CHECK(page_of(serving(), "/livez/").status == 404);
  CHECK(page_of(serving(), "/../livez").status == 404);
  CHECK(page_of(serving(), "/livez", "HEAD").status == 200);
  const Page page = page_of(serving(), "/livez", "POST");
  CHECK(page.status == 405);
  CHECK(page.headers[0].second == "GET, HEAD");
}

}  // namespace
}  // namespace waypost::admin_http

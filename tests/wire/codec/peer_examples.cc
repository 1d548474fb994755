#include "tests/wire/codec/peer_examples.h"

#include "tests/wire/codec/examples.h"

namespace waypost::codec {
namespace {

using namespace std::chrono_literals;
using model::PeerName;

model::PeerInfo full_peer() {
  model::PeerInfo info;
  info.name = PeerName("ns-b");
  info.generation = 1'700'000'000'123;
  info.version = 3;
  info.incarnation = model::Incarnation(77);
  info.cluster_addresses = {{"10.0.0.2", 9877}, {"fd00::2", 9877}};
  info.service_addresses = {{"10.0.0.2", 9876}};
  info.roles = {"primary", "ssd"};
  info.zone = "zone-1";
  info.status = model::PeerStatus::kLeaving;
  info.up_number = 4;
  info.partition_handling = "pause-minority";
  return info;
}

model::PeerInfo minimal_peer() {
  model::PeerInfo info;
  info.name = PeerName("b");
  return info;
}

model::BrokerKey key(std::string name, std::int64_t id) {
  return {model::BrokerName(std::move(name)), model::BrokerId(id)};
}

model::RegisterRequest held_request() {
  model::RegisterRequest request;
  request.cluster = model::ClusterName("c");
  request.broker = key("a", 0);
  request.address = {"10.0.0.1", 10911};
  return request;
}

}  // namespace

Examples<model::PeerAuth> peer_auth_examples() {
  return {"peer_auth",
          {PeerName("ns-a"), std::string(16, '\x80'), std::string(32, '\0')},
          {}};
}

Examples<model::PeerHeartbeat> peer_heartbeat_examples() {
  Examples<model::PeerHeartbeat> examples{"peer_heartbeat", {}, {}};
  auto& full = examples.full;
  full.sender = full_peer();
  full.sender_down_through = 17;
  full.state = model::ServerState::kPaused;
  full.state_reason = "reaches 1 of 3";
  full.client_connections = 1234;
  full.members = {{minimal_peer(), 5, model::PeerReach::kUnreachable},
                  {full_peer(), 0, model::PeerReach::kReachable}};
  full.verdicts = {{PeerName("ns-z"), true, 2}, {PeerName("ns-y"), false, 3}};
  full.membership = {1, 2};
  full.holdings = {3, 4};
  return examples;
}

Examples<model::PeerProbe> peer_probe_examples() {
  return {"peer_probe", {PeerName("ns-c"), 8, 9}, {}};
}

Examples<model::PeerProbeReply> peer_probe_reply_examples() {
  return {"peer_probe_reply", {true}, {}};
}

Examples<model::HealMessage> heal_message_examples() {
  return {"heal_message",
          {model::HealKind::kDisconnecting,
           PeerName("ns-a"),
           {PeerName("ns-b"), PeerName("ns-c")}},
          {}};
}

Examples<model::HealStatusReply> heal_status_reply_examples() {
  return {"heal_status_reply",
          {{PeerName("ns-c")}, {PeerName("ns-a"), PeerName("ns-b")}, 12, false},
          {}};
}

Examples<model::HoldingsQuery> holdings_query_examples() {
  Examples<model::HoldingsQuery> examples{"holdings_query", {}, {}};
  for (std::uint64_t i = 0; i < model::kHoldingBuckets; ++i) {
    examples.full.buckets.push_back({i, ~i});
  }
  return examples;
}

Examples<model::HoldingsPage> holdings_page_examples() {
  return {"holdings_page",
          {{7, 1023},
           {{key("a", 0), false, model::Epoch(3), 0, {1, 2}},
            {key("b", 2), true, model::Epoch(0), 1'700'000'000'123, {}}},
           {5, 6},
           false},
          {}};
}

Examples<model::HoldingsChange> holdings_change_examples() {
  return {"holdings_change",
          {{{key("a", 0), false, model::Epoch(3), 0, {1, 2}}},
           {key("b", 2)},
           {5, 6}},
          {}};
}

Examples<model::ContentQuery> content_query_examples() {
  return {"content_query", {{key("a", 0), key("b", 2)}}, {}};
}

Examples<model::HeldRegistration> held_registration_examples() {
  Examples<model::HeldRegistration> examples{"held_registration", {}, {}};
  auto& full = examples.full;
  full.request = register_request_examples().full;
  full.content = {8, 9};
  full.remoting = model::HeldRemoting{"10.0.0.1:10911",
                                      "10.0.0.1:10912",
                                      {1, 2, 3},
                                      {"10.0.0.1:10913", "\xff"},
                                      {{model::TopicName("orders"),
                                        model::BrokerName("a"),
                                        "__global__",
                                        8,
                                        4,
                                        true,
                                        {{0, 1}, {2, 3}}}},
                                      true,
                                      false};
  examples.minimal.request = held_request();
  return examples;
}

Examples<model::ClusterMembers> cluster_members_examples() {
  Examples<model::ClusterMembers> examples{"cluster_members", {}, {}};
  model::MemberListing listing;
  listing.info = full_peer();
  listing.self = true;
  listing.reach = model::PeerReach::kUnreachable;
  listing.down = true;
  listing.forgotten = true;
  listing.state = model::ServerState::kRecovering;
  listing.state_reason = "did not run for 12s";
  listing.silent_for = 6s;
  listing.suspicion = 8.5;
  listing.reached_by = {PeerName("ns-c")};
  listing.holdings = 17;
  listing.diverges_for = 61s;
  model::MemberListing least;
  least.info = minimal_peer();
  auto& full = examples.full;
  full.members = {listing, least};
  full.unknown = {{"10.0.0.9", 9877}};
  full.partition_handling = "keep-majority";
  full.leader = PeerName("ns-a");
  full.ready = false;
  full.missing = {PeerName("ns-b")};
  full.netsplits_detected = 3;
  full.netsplits_resolved = 2;
  full.open_partitions = 1;
  full.warnings = {"an even number"};
  return examples;
}

Examples<model::PartitionList> partition_list_examples() {
  return {"partition_list",
          {{{7,
             "partial",
             {PeerName("ns-b"), PeerName("ns-c")},
             {PeerName("ns-d")},
             base::WallTime(1'700'000'000'123ms),
             base::WallTime(1'700'000'600'000ms),
             {"paused: reaches 1 of 4", "resumed"},
             false},
            {8, "loss", {}, {}, base::WallTime(0ms), {}, {}, false}}},
          {}};
}

Examples<model::ForgetPeerRequest> forget_peer_request_examples() {
  return {"forget_peer_request", {PeerName("ns-b"), false}, {}};
}

}  // namespace waypost::codec

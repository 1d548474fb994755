#include "tests/wire/codec/examples.h"

namespace waypost::codec {
namespace {

using namespace std::chrono_literals;
using model::BrokerId;
using model::BrokerKey;
using model::BrokerName;
using model::ClusterName;
using model::Digest;
using model::Epoch;
using model::Incarnation;
using model::TopicName;

const BrokerKey kBroker{BrokerName("broker-a"), BrokerId(3)};
const BrokerKey kMaster{BrokerName("b"), BrokerId(0)};
const Digest kDigest{0x0123456789abcdefU, 0xfedcba9876543210U};

}  // namespace

Examples<model::HelloRequest> hello_request_examples() {
  return {"hello_request",
          {model::PeerRole::kAgent, "waypost-agent", "0.1.0", kBroker},
          {}};
}

Examples<model::HelloReply> hello_reply_examples() {
  return {"hello_reply",
          {"ns-a", "0.1.0", Incarnation(77), model::ServerState::kStarting,
           "waits for 3 brokers", Epoch(41), 16 * 1024 * 1024},
          {}};
}

Examples<model::DrainNotice> drain_notice_examples() {
  return {"drain_notice", {"SIGTERM"}, {}};
}

Examples<base::Error> error_examples() {
  return {"error",
          {base::ErrorCode::kStale, "epoch 4 is older than 5", "register"},
          {}};
}

Examples<model::RegisterRequest> register_request_examples() {
  Examples<model::RegisterRequest> examples{"register_request", {}, {}};
  auto& full = examples.full;
  full.cluster = ClusterName("c1");
  full.broker = kBroker;
  full.address = {"fd00::17", 10911};
  full.zone = "zone-1";
  full.epoch = Epoch(42);
  full.mode = model::RegisterMode::kIncremental;
  full.topics = {{TopicName("orders"), {8, 4, {4}, 1}},
                 {TopicName("payments"), {}}};
  full.removed = {TopicName("old"), TopicName("older")};
  full.expiry = 3s;
  full.healthy = false;
  full.verdict_action = model::VerdictAction::kDropWritePermission;
  full.health_reason = "probe timed out";
  full.topics_digest = kDigest;
  examples.minimal.cluster = ClusterName("c");
  examples.minimal.broker = kMaster;
  examples.minimal.address = {"h", 1};
  return examples;
}

Examples<model::RegisterReply> register_reply_examples() {
  return {"register_reply",
          {Incarnation(77), model::ServerState::kRecovering, true},
          {}};
}

Examples<model::HeartbeatRequest> heartbeat_request_examples() {
  return {"heartbeat_request", {kBroker, Epoch(42), kDigest}, {}};
}

Examples<model::HeartbeatReply> heartbeat_reply_examples() {
  return {"heartbeat_reply",
          {Incarnation(77), model::ServerState::kDraining, true},
          {}};
}

Examples<model::VerdictRequest> verdict_request_examples() {
  return {"verdict_request",
          {kBroker, Epoch(42), false,
           model::VerdictAction::kDropWritePermission, "refused", true, 4500ms},
          {}};
}

Examples<model::VerdictReply> verdict_reply_examples() {
  return {"verdict_reply", {true, true}, {}};
}

Examples<model::ObserveRequest> observe_request_examples() {
  Examples<model::ObserveRequest> examples{
      "observe_request",
      {{"10.0.0.5", 10911},
       false,
       model::VerdictAction::kDropWritePermission,
       "no answer",
       3s},
      {}};
  examples.minimal.address = {"h", 1};
  return examples;
}

Examples<model::ObserveReply> observe_reply_examples() {
  return {"observe_reply",
          {{{ClusterName("c1"), kBroker}, {ClusterName("c"), kMaster}}},
          {}};
}

Examples<model::UnregisterRequest> unregister_request_examples() {
  return {"unregister_request", {kBroker, Epoch(42), "stopped"}, {}};
}

Examples<model::UnregisterReply> unregister_reply_examples() {
  return {"unregister_reply", {true}, {}};
}

Examples<model::HandoverRequest> handover_request_examples() {
  return {"handover_request", {kBroker, Epoch(42), 30s}, {}};
}

Examples<model::HandoverReply> handover_reply_examples() {
  return {"handover_reply", {true}, {}};
}

Examples<model::RouteQueryRequest> route_query_examples() {
  return {"route_query",
          {{{TopicName("orders"), kDigest}, {TopicName("payments"), {}}}},
          {}};
}

Examples<model::RouteQueryEnd> route_query_end_examples() {
  return {"route_query_end",
          {Incarnation(77),
           model::ServerState::kPaused,
           5,
           {{TopicName("nothing"),
             {base::ErrorCode::kNotFound, "no such topic", "create it"}}}},
          {}};
}

model::RouteQueryEnd route_query_end_002() {
  auto end = route_query_end_examples().full;
  end.departures = {{BrokerName("broker-a"),
                     BrokerId(3),
                     {"10.0.0.1", 10911},
                     model::DepartureReason::kGoneAtPeers,
                     "no nameserver hears it any more"},
                    {BrokerName("b"), BrokerId(0), {"h", 1}}};
  return end;
}

Examples<model::VersionedRoute> route_examples() {
  Examples<model::VersionedRoute> examples{"route", {}, {}};
  examples.full.route = {
      TopicName("orders"),
      {{ClusterName("c1"),
        BrokerName("broker-a"),
        {8, 4, {6}, 0},
        {{BrokerId(0), {"10.0.0.1", 10911}, model::BrokerHealth::kHealthy, ""},
         {BrokerId(1),
          {"10.0.0.2", 10911},
          model::BrokerHealth::kSuspect,
          "zone-2"}}},
       {ClusterName("c1"),
        BrokerName("broker-b"),
        {16, 16, {4}, 1},
        {{BrokerId(2),
          {"broker-b.example", 65535},
          model::BrokerHealth::kUnhealthy,
          "zone-1"}}}}};
  examples.full.digest = model::digest_route(examples.full.route);
  return examples;
}

Examples<model::PageRequest> page_request_examples() {
  return {"page_request", {"ord", "orders-17", 100}, {}};
}

Examples<model::BrokerPage> broker_page_examples() {
  return {"broker_page",
          {{{ClusterName("c1"),
             kBroker,
             {"10.0.0.1", 10911},
             "zone-1",
             model::BrokerHealth::kUnhealthy,
             "probe timed out",
             Epoch(42),
             17,
             1500ms,
             120s},
            {ClusterName("c"),
             kMaster,
             {"h", 1},
             "",
             model::BrokerHealth::kHealthy,
             "",
             Epoch(0),
             0,
             0s,
             0s}},
           "broker-a/3"},
          {}};
}

Examples<model::TopicPage> topic_page_examples() {
  return {"topic_page",
          {{{TopicName("orders"), 2, 24, 20}, {TopicName("payments"), 0, 0, 0}},
           "payments"},
          {}};
}

Examples<model::ClusterView> cluster_view_examples() {
  return {"cluster_view",
          {"ns-a", "0.1.0", Incarnation(77), model::ServerState::kRecovering,
           "slept for 4 s", 26h, 1, 2, 3, 4, 5, 6, 7s},
          {}};
}

// Bytes that are neither UTF-8 nor free of zeros.
const std::string kBytes("a\0\xff\xfe", 4);

Examples<model::ChangeReply> change_reply_examples() {
  return {"change_reply", {true}, {}};
}

Examples<model::KvGetRequest> kv_get_request_examples() {
  return {"kv_get_request", {"ORDER_TOPIC_CONFIG", kBytes}, {}};
}

Examples<model::KvGetReply> kv_get_reply_examples() {
  return {"kv_get_reply", {kBytes}, {}};
}

Examples<model::KvListRequest> kv_list_request_examples() {
  return {"kv_list_request", {"", "n1:k9", 17}, {}};
}

Examples<model::KvPage> kv_page_examples() {
  return {"kv_page",
          {{{"ORDER_TOPIC_CONFIG", "orders", "broker-a:4"}, {"", kBytes, ""}},
           "next"},
          {}};
}

Examples<model::KvPutRequest> kv_put_request_examples() {
  return {"kv_put_request", {{kBytes, "orders", kBytes}}, {}};
}

Examples<model::KvDeleteRequest> kv_delete_request_examples() {
  return {"kv_delete_request", {kBytes, "orders"}, {}};
}

Examples<model::OverridePage> override_page_examples() {
  return {"override_page",
          {{{BrokerName("broker-a"),
             {4},
             "ops",
             "disk is replaced",
             base::WallTime(1'700'000'000'123ms),
             base::WallTime(1'700'000'600'000ms)},
            {BrokerName("b"), {6}, "", "", base::WallTime(0ms), {}}},
           "broker-a"},
          {}};
}

Examples<model::SetOverrideRequest> set_override_request_examples() {
  return {"set_override_request",
          {BrokerName("broker-a"), {4}, "ops", "disk is replaced", 10min},
          {}};
}

Examples<model::ClearOverrideRequest> clear_override_request_examples() {
  return {"clear_override_request", {BrokerName("broker-a")}, {}};
}

Examples<model::DeleteTopicRequest> delete_topic_request_examples() {
  return {"delete_topic_request", {TopicName("orders"), ClusterName("c1")}, {}};
}

Examples<model::DeleteTopicReply> delete_topic_reply_examples() {
  return {"delete_topic_reply", {3}, {}};
}

Examples<model::SettingList> setting_list_examples() {
  return {"setting_list",
          {{{"orderMessageEnable", "true", true}, {"listen", "", false}}},
          {}};
}

Examples<model::ChangeSettingRequest> change_setting_request_examples() {
  return {"change_setting_request", {"orderMessageEnable", "true"}, {}};
}

}  // namespace waypost::codec

#ifndef WAYPOST_TESTS_WIRE_CODEC_EXAMPLES_H_
#define WAYPOST_TESTS_WIRE_CODEC_EXAMPLES_H_

// One example of every message with every field set, and one with as little as
// a message may have. The golden files of generation 001 hold these values, so
// they must not change: when a message gets a field, add an example to a new
// generation (golden/README.md).

#include <cstddef>
#include <tuple>

#include "tests/wire/codec/peer_examples.h"
#include "wire/model/administration.h"
#include "wire/model/operations.h"

namespace waypost::codec {

template <typename Message>
struct Examples {
  const char* name;
  Message full;
  Message minimal;
};

// Calls `visit(Examples<Message>)` for every message of the protocol.
template <typename Visit>
void for_each_example(const Visit& visit);

Examples<model::HelloRequest> hello_request_examples();
Examples<model::HelloReply> hello_reply_examples();
Examples<model::DrainNotice> drain_notice_examples();
Examples<base::Error> error_examples();
Examples<model::RegisterRequest> register_request_examples();
Examples<model::RegisterReply> register_reply_examples();
Examples<model::HeartbeatRequest> heartbeat_request_examples();
Examples<model::HeartbeatReply> heartbeat_reply_examples();
Examples<model::VerdictRequest> verdict_request_examples();
Examples<model::VerdictReply> verdict_reply_examples();
Examples<model::ObserveRequest> observe_request_examples();
Examples<model::ObserveReply> observe_reply_examples();
Examples<model::UnregisterRequest> unregister_request_examples();
Examples<model::UnregisterReply> unregister_reply_examples();
Examples<model::HandoverRequest> handover_request_examples();
Examples<model::HandoverReply> handover_reply_examples();
Examples<model::RouteQueryRequest> route_query_examples();
Examples<model::RouteQueryEnd> route_query_end_examples();
model::RouteQueryEnd route_query_end_002();
Examples<model::VersionedRoute> route_examples();
Examples<model::PageRequest> page_request_examples();
Examples<model::BrokerPage> broker_page_examples();
Examples<model::TopicPage> topic_page_examples();
Examples<model::ClusterView> cluster_view_examples();
Examples<model::ChangeReply> change_reply_examples();
Examples<model::KvGetRequest> kv_get_request_examples();
Examples<model::KvGetReply> kv_get_reply_examples();
Examples<model::KvListRequest> kv_list_request_examples();
Examples<model::KvPage> kv_page_examples();
Examples<model::KvPutRequest> kv_put_request_examples();
Examples<model::KvDeleteRequest> kv_delete_request_examples();
Examples<model::OverridePage> override_page_examples();
Examples<model::SetOverrideRequest> set_override_request_examples();
Examples<model::ClearOverrideRequest> clear_override_request_examples();
Examples<model::DeleteTopicRequest> delete_topic_request_examples();
Examples<model::DeleteTopicReply> delete_topic_reply_examples();
Examples<model::SettingList> setting_list_examples();
Examples<model::ChangeSettingRequest> change_setting_request_examples();

template <typename Visit>
void for_each_example(const Visit& visit) {
  visit(hello_request_examples());
  visit(hello_reply_examples());
  visit(drain_notice_examples());
  visit(error_examples());
  visit(register_request_examples());
  visit(register_reply_examples());
  visit(heartbeat_request_examples());
  visit(heartbeat_reply_examples());
  visit(verdict_request_examples());
  visit(verdict_reply_examples());
  visit(observe_request_examples());
  visit(observe_reply_examples());
  visit(unregister_request_examples());
  visit(unregister_reply_examples());
  visit(handover_request_examples());
  visit(handover_reply_examples());
  visit(route_query_examples());
  visit(route_query_end_examples());
  visit(route_examples());
  visit(page_request_examples());
  visit(broker_page_examples());
  visit(topic_page_examples());
  visit(cluster_view_examples());
  visit(change_reply_examples());
  visit(kv_get_request_examples());
  visit(kv_get_reply_examples());
  visit(kv_list_request_examples());
  visit(kv_page_examples());
  visit(kv_put_request_examples());
  visit(kv_delete_request_examples());
  visit(override_page_examples());
  visit(set_override_request_examples());
  visit(clear_override_request_examples());
  visit(delete_topic_request_examples());
  visit(delete_topic_reply_examples());
  visit(setting_list_examples());
  visit(change_setting_request_examples());
  for_each_peer_example(visit);
}

}  // namespace waypost::codec

#endif  // WAYPOST_TESTS_WIRE_CODEC_EXAMPLES_H_

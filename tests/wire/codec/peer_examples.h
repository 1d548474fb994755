#ifndef WAYPOST_TESTS_WIRE_CODEC_PEER_EXAMPLES_H_
#define WAYPOST_TESTS_WIRE_CODEC_PEER_EXAMPLES_H_

// The examples of the cluster port's messages, as examples.h has the others.

#include "wire/codec/peer.h"

namespace waypost::codec {

template <typename Message>
struct Examples;

Examples<model::PeerAuth> peer_auth_examples();
Examples<model::PeerHeartbeat> peer_heartbeat_examples();
Examples<model::PeerProbe> peer_probe_examples();
Examples<model::PeerProbeReply> peer_probe_reply_examples();
Examples<model::HealMessage> heal_message_examples();
Examples<model::HealStatusReply> heal_status_reply_examples();
Examples<model::HoldingsQuery> holdings_query_examples();
Examples<model::HoldingsPage> holdings_page_examples();
Examples<model::HoldingsChange> holdings_change_examples();
Examples<model::ContentQuery> content_query_examples();
Examples<model::HeldRegistration> held_registration_examples();
Examples<model::ClusterMembers> cluster_members_examples();
Examples<model::PartitionList> partition_list_examples();
Examples<model::ForgetPeerRequest> forget_peer_request_examples();

template <typename Visit>
void for_each_peer_example(const Visit& visit) {
  visit(peer_auth_examples());
  visit(peer_heartbeat_examples());
  visit(peer_probe_examples());
  visit(peer_probe_reply_examples());
  visit(heal_message_examples());
  visit(heal_status_reply_examples());
  visit(holdings_query_examples());
  visit(holdings_page_examples());
  visit(holdings_change_examples());
  visit(content_query_examples());
  visit(held_registration_examples());
  visit(cluster_members_examples());
  visit(partition_list_examples());
  visit(forget_peer_request_examples());
}

}  // namespace waypost::codec

#endif  // WAYPOST_TESTS_WIRE_CODEC_PEER_EXAMPLES_H_

#include "admin_cli/peer_table.h"

#include "admin_cli/text_table.h"
#include "wire/documents/cluster_json.h"

namespace waypost::admin {
namespace {

using Align = TextTable::Align;
using documents::incarnation_text;
using documents::reach_name;
using model::ClusterMembers;
using model::MemberListing;
using model::PeerReach;
using model::PeerStatus;

std::string addresses_text(const std::vector<base::Endpoint>& addresses) {
  std::string text;
  for (const base::Endpoint& address : addresses) {
    if (!text.empty()) text += ",";
    text += address.to_string();
  }
  return text;
}

// "reachable", "unreachable, down", "self, joining".
std::string standing_text(const MemberListing& member) {
  std::string text = member.self ? "self" : reach_name(member.reach);
  if (member.info.status != PeerStatus::kUp) {
    text += ", " + std::string(model::peer_status_name(member.info.status));
  }
  if (member.down) text += ", down";
  if (member.forgotten) text += ", forgotten";
  return text;
}

// What is not heard any more is marked as old.
std::string state_text(const MemberListing& member) {
  const std::string name(model::server_state_name(member.state));
  switch (member.reach) {
    case PeerReach::kReachable:
      return name;
    case PeerReach::kUnreachable:
      return "last " + name;
    case PeerReach::kUnknown:
      break;
  }
  return "";
}

// Of what it did when it was last heard, and of no earlier life.
std::string reason_text(const MemberListing& member) {
  return member.reach == PeerReach::kUnknown ? "" : member.state_reason;
}

std::string up_text(const MemberListing& member) {
  return member.info.up_number == model::kNeverUp
             ? ""
             : std::to_string(member.info.up_number);
}

std::vector<std::string> row_of(const MemberListing& member) {
  return {member.info.name.value(),
          standing_text(member),
          state_text(member),
          up_text(member),
          incarnation_text(member.info.incarnation),
          addresses_text(member.info.cluster_addresses),
          addresses_text(member.info.service_addresses),
          joined_names(member.reached_by),
          member.self ? "" : duration_text(member.silent_for),
          std::to_string(member.holdings),
          member.diverges_for ? duration_text(*member.diverges_for) : "",
          reason_text(member)};
}

std::string self_name(const base::Endpoint& nameserver,
                      const ClusterMembers& peers) {
  for (const MemberListing& member : peers.members) {
    if (member.self) return member.info.name.value();
  }
  return nameserver.to_string();
}

std::string loss_note(const std::string& self, const MemberListing& member) {
  std::string note = self + " does not reach " + member.info.name.value() +
                     ", silent for " + duration_text(member.silent_for);
  if (member.reached_by.empty()) return note + ": nobody else does";
  return note + ": " + joined_names(member.reached_by) +
         " can, look at the link between the two";
}

}  // namespace

std::string joined_names(const std::vector<model::PeerName>& names) {
  std::string text;
  for (const model::PeerName& name : names) {
    if (!text.empty()) text += ", ";
    text += name.value();
  }
  return text;
}

std::string peer_table(const base::Endpoint& nameserver,
                       const ClusterMembers& peers) {
  std::string text =
      printable(self_name(nameserver, peers)) + " at " +
      nameserver.to_string() + ": " + counted(peers.members.size(), "member") +
      ", partition handling " + printable(peers.partition_handling);
  if (peers.leader) text += ", led by " + printable(peers.leader->value());
  if (!peers.missing.empty()) {
    text += ", missing " + printable(joined_names(peers.missing));
  }
  text += "\n";
  TextTable table({{"MEMBER"},
                   {"REACH"},
                   {"STATE"},
                   {"UP", Align::kRight},
                   {"INCARNATION"},
                   {"CLUSTER PORT"},
                   {"SERVICE"},
                   {"REACHED BY"},
                   {"SILENT", Align::kRight},
                   {"HEARS", Align::kRight},
                   {"DIVERGES", Align::kRight},
                   {"REASON"}});
  for (const MemberListing& member : peers.members) {
    table.add_row(row_of(member));
  }
  return text + table.to_string();
}

std::vector<std::string> peer_notes(const base::Endpoint& nameserver,
                                    const ClusterMembers& peers) {
  const std::string self = self_name(nameserver, peers);
  std::vector<std::string> notes;
  for (const MemberListing& member : peers.members) {
    if (!member.forgotten && member.reach == PeerReach::kUnreachable) {
      notes.push_back(loss_note(self, member));
    }
    if (member.diverges_for) {
      notes.push_back("what " + self + " knows of " + member.info.name.value() +
                      " has differed from what that one holds for " +
                      duration_text(*member.diverges_for));
    }
  }
  for (const base::Endpoint& address : peers.unknown) {
    notes.push_back("nobody has answered " + self + " at " +
                    address.to_string() + " yet");
  }
  if (peers.open_partitions > 0) {
    notes.push_back("a partition goes on at " + self +
                    ": see waypostctl cluster partitions");
  }
  for (const std::string& warning : peers.warnings) {
    notes.push_back(std::string(self).append(": ").append(warning));
  }
  return notes;
}

}  // namespace waypost::admin

#include "admin_cli/cluster_command.h"

#include <algorithm>
#include <array>

#include "admin_cli/answers_json.h"
#include "admin_cli/peer_table.h"
#include "admin_cli/text_table.h"

namespace waypost::admin {
namespace {

using Align = TextTable::Align;
using model::ClusterView;

struct Count {
  const char* name;
  std::uint32_t ClusterView::*value;
};
constexpr std::array<Count, 3> kComparedCounts = {{
    {"clusters", &ClusterView::clusters},
    {"brokers", &ClusterView::brokers},
    {"topics", &ClusterView::topics},
}};

// A nameserver that says nothing has no state of its own to show.
std::string silent_state(const base::Error& error) {
  switch (error.code) {
    case base::ErrorCode::kUnavailable:
    case base::ErrorCode::kTimedOut:
      return "unreachable";
    default:
      return base::error_code_name(error.code);
  }
}

std::vector<std::string> row_of(const Answer<ClusterShown>& answer) {
  if (!answer.result) {
    const base::Error& error = answer.result.error();
    return {answer.nameserver.to_string(),
            "",
            silent_state(error),
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            error.message};
  }
  const ClusterView& view = answer.result->view;
  return {answer.nameserver.to_string(),
          view.server_name,
          std::string(model::server_state_name(view.state)),
          std::to_string(view.clusters),
          std::to_string(view.brokers),
          std::to_string(view.suspects),
          std::to_string(view.unhealthy),
          std::to_string(view.topics),
          duration_text(view.uptime),
          view.server_version,
          view.state_reason};
}

std::vector<std::string> brake_notes(const Answers<ClusterShown>& answers) {
  std::vector<std::string> notes;
  for (const Answer<ClusterShown>& answer : answers) {
    if (!answer.result || !answer.result->view.brake_releases_in) continue;
    notes.push_back(answer.nameserver.to_string() +
                    " holds back the removal of many silent brokers for " +
                    duration_text(*answer.result->view.brake_releases_in) +
                    " more: check the network between it and them");
  }
  return notes;
}

void fill_json(Json& json, const ClusterShown& shown) {
  json["view"] = documents::view_json(shown.view);
  json["peers"] = nullptr;
  if (shown.peers) json["peers"] = documents::peers_json(*shown.peers);
  json["peers_error"] = nullptr;
  if (shown.peers_unknown) {
    json["peers_error"] = error_json(*shown.peers_unknown);
  }
}

}  // namespace

std::vector<std::string> cluster_differences(
    const Answers<ClusterShown>& answers) {
  std::vector<std::string> differences;
  for (const Count& count : kComparedCounts) {
    std::string sentence;
    bool differ = false;
    const ClusterView* first = nullptr;
    for (const Answer<ClusterShown>& answer : answers) {
      if (!answer.result) continue;
      const ClusterView& view = answer.result->view;
      if (first == nullptr) first = &view;
      differ = differ || view.*count.value != first->*count.value;
      if (!sentence.empty()) sentence += ", ";
      sentence += std::to_string(view.*count.value) + " at " +
                  answer.nameserver.to_string();
    }
    if (differ) {
      differences.push_back(std::string("the nameservers differ in ") +
                            count.name + ": " + sentence);
    }
  }
  return differences;
}

std::string cluster_table(const Answers<ClusterShown>& answers) {
  TextTable table({{"NAMESERVER"},
                   {"NAME"},
                   {"STATE"},
                   {"CLUSTERS", Align::kRight},
                   {"BROKERS", Align::kRight},
                   {"SUSPECT", Align::kRight},
                   {"UNHEALTHY", Align::kRight},
                   {"TOPICS", Align::kRight},
                   {"UPTIME", Align::kRight},
                   {"VERSION"},
                   {"REASON"}});
  for (const Answer<ClusterShown>& answer : answers) {
    table.add_row(row_of(answer));
  }
  std::vector<std::string> notes = cluster_differences(answers);
  const std::vector<std::string> brakes = brake_notes(answers);
  notes.insert(notes.end(), brakes.begin(), brakes.end());
  for (const Answer<ClusterShown>& answer : answers) {
    if (!answer.result || !answer.result->peers_unknown) continue;
    notes.push_back(
        "the peers of " + answer.nameserver.to_string() +
        " are not shown: " + answer.result->peers_unknown->to_string());
  }
  std::string text = table.to_string();
  for (const Answer<ClusterShown>& answer : answers) {
    if (!answer.result || !answer.result->peers) continue;
    const model::ClusterMembers& peers = *answer.result->peers;
    text += "\n" + peer_table(answer.nameserver, peers);
    const std::vector<std::string> more = peer_notes(answer.nameserver, peers);
    notes.insert(notes.end(), more.begin(), more.end());
  }
  if (!notes.empty()) text += "\n";
  for (const std::string& note : notes) text += "! " + printable(note) + "\n";
  return text;
}

std::string cluster_json(const Answers<ClusterShown>& answers) {
  return answers_json(CommandKind::kClusterShow, answers, fill_json);
}

}  // namespace waypost::admin

#include "tests/sim/incidents/scene.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <set>
#include <sstream>

#include "admin_cli/command.h"
#include "admin_cli/run_command.h"
#include "base/assert.h"

namespace waypost::sim {
namespace {

constexpr std::size_t kColumns = 100;
constexpr std::size_t kTextAt = 22;

// "<time> <who>: <level> <text>" of Transcript.
struct Line {
  double seconds = 0;
  std::string who;
  std::string text;
};

Line parse(const std::string& line) {
  Line parsed;
  char* end = nullptr;
  parsed.seconds = std::strtod(line.c_str(), &end);
  std::string rest = end + 1;
  const std::size_t colon = rest.find(": ");
  parsed.who = rest.substr(0, colon);
  parsed.text = rest.substr(colon + 2);
  if (parsed.who == "----") return parsed;
  // The level: what is no reason to worry goes without.
  const std::size_t space = parsed.text.find(' ');
  const std::string level = parsed.text.substr(0, space);
  parsed.text = parsed.text.substr(space + 1);
  if (level == "warn") parsed.text = "WARN " + parsed.text;
  if (level == "error") parsed.text = "ERROR " + parsed.text;
  return parsed;
}

// At spaces, further lines under the first; what has none stays whole.
std::string wrapped(const std::string& head, const std::string& text) {
  std::string out;
  std::string line = head;
  std::istringstream words(text);
  std::string word;
  bool first = true;
  while (words >> word) {
    if (!first && line.size() + 1 + word.size() > kColumns) {
      out += line + '\n';
      line = std::string(kTextAt + 2, ' ') + word;
    } else {
      line += (first ? "" : " ") + word;
    }
    first = false;
  }
  return out + line + '\n';
}

std::string printed(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

}  // namespace

std::string story_time(base::Duration since) {
  const double seconds = static_cast<double>(base::to_ms(since)) / 1000;
  if (seconds < 600) return "+" + printed("%.1f s", seconds);
  const auto whole = static_cast<long>(seconds);
  char text[64];
  std::snprintf(text, sizeof text, "+%ld:%02ld:%02ld", whole / 3600,
                whole / 60 % 60, whole % 60);
  return text;
}

std::string story_span(base::Duration span) {
  const double seconds = static_cast<double>(base::to_ms(span)) / 1000;
  if (seconds < 100) return printed("%.1f s", seconds);
  const auto whole = static_cast<long>(seconds + 0.5);
  return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) +
         " s";
}

std::string text_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string out;
  const auto add = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  };
  add(rows.front());
  std::vector<std::string> rules;
  for (const std::size_t width : widths) rules.emplace_back(width, '-');
  add(rules);
  for (std::size_t i = 1; i < rows.size(); ++i) add(rows[i]);
  return out;
}

Scene::Scene(Story& story, const Deployment::Options& options)
    : system(options), story_(story), began_(system.world.now()) {
  operator_ = &system.world.add_node("operator", "10.0.8.1");
}

bool Scene::serves(std::size_t i) {
  return ns(i).running() && state(i) == model::ServerState::kServing;
}

bool Scene::all_serve() {
  for (std::size_t i = 0; i < system.nameservers.size(); ++i) {
    if (!serves(i)) return false;
  }
  return true;
}

void Scene::settle() {
  story_.promise(system.settle(), "everything starts");
  run(std::chrono::seconds(10));
  begin();
}

void Scene::begin() {
  shown_.clear();
  began_ = system.world.now();
  shown_from_ = system.transcript.text().size();
}

void Scene::hide() {
  shown_ += system.transcript.text().substr(shown_from_);
  hidden_ = true;
}

void Scene::show() {
  WAYPOST_ASSERT(hidden_);
  hidden_ = false;
  shown_from_ = system.transcript.text().size();
}

void Scene::run_to(base::Duration since_begin) {
  WAYPOST_ASSERT(since_begin >= elapsed());
  run(since_begin - elapsed());
}

base::Duration Scene::until(base::Duration limit,
                            const std::function<bool()>& done) {
  const base::Instant start = system.world.now();
  if (!system.world.run_until(done, limit)) {
    return limit + std::chrono::seconds(1);
  }
  return system.world.now() - start;
}

void Scene::cut_off(const std::vector<std::size_t>& side) {
  const std::set<std::size_t> inside(side.begin(), side.end());
  for (std::size_t i = 0; i < system.nameservers.size(); ++i) {
    if (inside.contains(i)) continue;
    for (const std::size_t j : side) {
      system.world.cut(ns(i).node().name(), ns(j).node().name());
    }
  }
}

void Scene::cut(const std::vector<std::string>& side,
                const std::vector<std::string>& other) {
  for (const std::string& one : side) {
    for (const std::string& two : other) system.world.cut(one, two);
  }
}

SimAgent& Scene::add_agent(const std::string& node, const std::string& address,
                           const std::string& name, std::uint64_t replica) {
  SimNode& machine = system.world.add_node(node, address);
  std::vector<base::Endpoint> nameservers;
  for (auto& each : system.nameservers) {
    nameservers.push_back(each->endpoint());
  }
  system.agents.push_back(
      std::make_unique<SimAgent>(machine, system.profile(), name,
                                 base::Endpoint{address, SimBroker::kPort},
                                 nameservers, system.transcript.logger(node)));
  SimAgent& agent = *system.agents.back();
  agent.settings.registration.identity.broker.broker_id =
      model::BrokerId(static_cast<std::int64_t>(replica));
  agent.set_topics({Deployment::kTopic});
  return agent;
}

SimNameserver& Scene::add_nameserver(const std::string& node,
                                     const std::string& address,
                                     const std::string& name) {
  SimNode& machine = system.world.add_node(node, address);
  std::vector<base::Endpoint> peers;
  for (auto& each : system.nameservers) {
    peers.push_back(each->cluster_endpoint());
  }
  system.nameservers.push_back(std::make_unique<SimNameserver>(
      machine, system.profile(), system.transcript.logger(name)));
  SimNameserver& added = *system.nameservers.back();
  added.settings.cluster = ns(0).settings.cluster;
  added.settings.name = name;
  added.set_peers(peers);
  return added;
}

void Scene::say(const std::string& text) {
  system.transcript.note("== " + text);
}

void Scene::promise(bool kept, const std::string& what) {
  story_.promise(kept, what + ", at " + story_time(elapsed()));
  system.transcript.note((kept ? "kept: " : "BROKEN: ") + what);
}

std::string Scene::waypostctl(const std::vector<std::string>& words,
                              const std::vector<std::size_t>& ports, bool all) {
  admin::Settings settings;
  settings.all = all;
  settings.cluster_secret = ns(0).settings.cluster.secret;
  settings.owner = "an operator";
  for (const std::size_t port : ports) {
    settings.nameservers.push_back(ns(port).endpoint());
    if (!settings.cluster_secret.empty()) {
      settings.cluster_ports.push_back(ns(port).cluster_endpoint());
    }
  }
  const auto command = admin::parse_command(words);
  WAYPOST_ASSERT(command.has_value());
  std::optional<admin::Outcome> outcome;
  const auto running = admin::run_command(
      operator_->executor(), operator_->network(), settings, *command,
      [&](admin::Outcome done) { outcome = std::move(done); });
  system.world.run_until([&] { return outcome.has_value(); },
                         std::chrono::minutes(1));
  std::string typed = all ? "$ waypostctl --all" : "$ waypostctl";
  for (const std::string& word : words) typed += " " + word;
  system.transcript.note(typed);
  const std::string read =
      outcome ? outcome->out + outcome->err : "no answer\n";
  std::istringstream lines(read);
  for (std::string line; std::getline(lines, line);) {
    system.transcript.note("| " + line);
  }
  return read;
}

std::string Scene::transcript(const std::vector<std::string>& without) const {
  const double began =
      static_cast<double>(
          base::to_ms(began_ - (system.world.now() - system.world.elapsed()))) /
      1000;
  std::istringstream lines(
      shown_ + (hidden_ ? "" : system.transcript.text().substr(shown_from_)));
  std::string out;
  for (std::string each; std::getline(lines, each);) {
    if (std::any_of(without.begin(), without.end(), [&](const auto& text) {
          return each.find(text) != std::string::npos;
        })) {
      continue;
    }
    const Line line = parse(each);
    // To the tenth of a second; a scene lasts for days at most.
    const auto since = std::chrono::milliseconds(
        static_cast<std::int64_t>((line.seconds - began) * 1000 + 0.5));
    std::string time = story_time(since);
    time = std::string(time.size() < 9 ? 9 - time.size() : 0, ' ') + time;
    if (line.who != "----") {
      std::string head = time + "  " + line.who;
      head.resize(std::max(head.size() + 1, kTextAt), ' ');
      out += wrapped(head, line.text);
    } else if (line.text.rfind("| ", 0) == 0) {
      out += std::string(13, ' ') + line.text.substr(2);
      out.erase(out.find_last_not_of(' ') + 1);
      out += '\n';
    } else if (line.text.rfind("== ", 0) == 0) {
      out += '\n' + wrapped(time + "  ", line.text);
    } else {
      out += wrapped(time + "  ", line.text);
    }
  }
  out.erase(0, out.find_first_not_of('\n'));
  return out;
}

}  // namespace waypost::sim

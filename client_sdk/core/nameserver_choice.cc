#include "client_sdk/core/nameserver_choice.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace waypost::client {

std::vector<Nameserver> unnamed(const std::vector<base::Endpoint>& addresses) {
  std::vector<Nameserver> servers;
  for (const auto& each : addresses)
    servers.push_back({each, each.to_string()});
  return servers;
}

NameserverChoice::NameserverChoice(const std::vector<Nameserver>& servers,
                                   std::string pinned, base::Random random)
    : pinned_(std::move(pinned)), random_(random) {
  update(servers, base::Instant{});
}

void NameserverChoice::update(const std::vector<Nameserver>& servers,
                              base::Instant now) {
  const auto listed = [&](const Server& server) {
    return std::find(servers.begin(), servers.end(), server.nameserver) !=
           servers.end();
  };
  std::erase_if(servers_, [&](const Server& each) { return !listed(each); });
  for (const auto& nameserver : servers) {
    const bool known = std::any_of(
        servers_.begin(), servers_.end(),
        [&](const Server& each) { return each.nameserver == nameserver; });
    if (known) continue;
    const auto place =
        static_cast<std::ptrdiff_t>(random_.below(servers_.size() + 1));
    servers_.insert(servers_.begin() + place, {++last_id_, nameserver, 0, {}});
  }
  if (current_ && find(*current_) != nullptr) return;
  const bool first = !current_;
  current_.reset();
  if (first) {
    start();
  } else {
    current_ = best_untried({}, now);
  }
}

void NameserverChoice::start() {
  if (servers_.empty()) return;
  for (const auto& each : servers_) {
    if (!pinned_.empty() && (each.nameserver.name == pinned_ ||
                             each.nameserver.address.to_string() == pinned_)) {
      current_ = each.id;
      return;
    }
  }
  current_ = servers_[random_.below(servers_.size())].id;
}

const Nameserver* NameserverChoice::find(ServerId server) const {
  for (const auto& each : servers_) {
    if (each.id == server) return &each.nameserver;
  }
  return nullptr;
}

NameserverChoice::Server* NameserverChoice::find_server(ServerId id) {
  const auto found =
      std::find_if(servers_.begin(), servers_.end(),
                   [id](const Server& each) { return each.id == id; });
  return found == servers_.end() ? nullptr : &*found;
}

double NameserverChoice::penalty(const Server& server, base::Instant now) {
  if (server.penalty <= 0) return 0;
  const double half_lives =
      static_cast<double>((now - server.penalty_at).count()) /
      static_cast<double>(kPenaltyHalfLife.count());
  return half_lives >= 10 ? 0 : server.penalty * std::exp2(-half_lives);
}

double NameserverChoice::penalty(ServerId server, base::Instant now) const {
  for (const auto& each : servers_) {
    if (each.id == server) return penalty(each, now);
  }
  return 0;
}

void NameserverChoice::on_failure(ServerId server, base::Instant now) {
  Server* found = find_server(server);
  if (found == nullptr) return;
  found->penalty = penalty(*found, now) + 1;
  found->penalty_at = now;
}

void NameserverChoice::on_success(ServerId server) {
  if (Server* found = find_server(server)) found->penalty = 0;
}

std::optional<ServerId> NameserverChoice::best_untried(
    const ServerIds& tried, base::Instant now) const {
  std::size_t start = 0;
  while (start < servers_.size() && servers_[start].id != current_) ++start;
  std::optional<ServerId> found;
  double smallest = 0;
  for (std::size_t step = 0; step < servers_.size(); ++step) {
    const Server& server = servers_[(start + step) % servers_.size()];
    if (tried.contains(server.id)) continue;
    const double value = penalty(server, now);
    if (!found || value < smallest) {
      found = server.id;
      smallest = value;
    }
  }
  return found;
}

std::size_t NameserverChoice::untried(const ServerIds& tried) const {
  return static_cast<std::size_t>(std::count_if(
      servers_.begin(), servers_.end(),
      [&](const Server& each) { return !tried.contains(each.id); }));
}

std::optional<ServerId> NameserverChoice::best_other(base::Instant now) const {
  if (!current_) return std::nullopt;
  return best_untried({*current_}, now);
}

}  // namespace waypost::client

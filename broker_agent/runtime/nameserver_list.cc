#include "broker_agent/runtime/nameserver_list.h"

#include <algorithm>
#include <utility>

#include "wire/transport/socket_address.h"

namespace waypost::agent {
namespace {

bool is_numeric(const base::Endpoint& endpoint) {
  return transport::SocketAddress::parse(endpoint.host, endpoint.port)
      .has_value();
}

void add(std::vector<NameserverList::Nameserver>& all,
         NameserverList::Nameserver nameserver) {
  const bool known = std::any_of(all.begin(), all.end(), [&](const auto& each) {
    return each.endpoint == nameserver.endpoint;
  });
  if (!known) all.push_back(std::move(nameserver));
}

}  // namespace

std::vector<NameserverList::Nameserver> NameserverList::numeric(
    const std::vector<base::Endpoint>& given) {
  std::vector<Nameserver> all;
  for (const auto& endpoint : given) {
    if (is_numeric(endpoint)) add(all, {endpoint, endpoint.to_string()});
  }
  return all;
}

NameserverList::NameserverList(base::Executor& executor,
                               transport::Network& network,
                               std::vector<base::Endpoint> given,
                               base::Random random,
                               std::function<void()> on_change,
                               OnFailure on_failure, base::Logger logger)
    : executor_(executor),
      network_(network),
      given_(std::move(given)),
      random_(random),
      on_change_(std::move(on_change)),
      on_failure_(std::move(on_failure)),
      logger_(logger),
      nameservers_(numeric(given_)) {}

void NameserverList::start() {
  for (const auto& endpoint : given_) {
    if (is_numeric(endpoint) || lookups_.contains(endpoint)) continue;
    lookups_.emplace(endpoint,
                     std::make_unique<transport::NameLookup>(
                         executor_, network_, endpoint.host, random_.fork(),
                         [this, endpoint] { on_looked_up(endpoint); }));
  }
}

void NameserverList::on_looked_up(const base::Endpoint& name) {
  const transport::NameLookup& lookup = *lookups_.at(name);
  std::string& told = failures_[name];
  const bool news = lookup.failure() != told;
  told = lookup.failure();
  if (news && !told.empty()) on_failure_(name.to_string(), told);
  update();
}

void NameserverList::update() {
  std::vector<Nameserver> all = numeric(given_);
  for (const auto& endpoint : given_) {
    const auto lookup = lookups_.find(endpoint);
    if (lookup == lookups_.end()) continue;
    for (const auto& address : lookup->second->addresses()) {
      add(all, {{address, endpoint.port},
                endpoint.to_string() + " (" + address + ")"});
    }
  }
  if (const bool many = all.size() > kNameserversMax;
      std::exchange(too_many_, many) != many && many) {
    logger_.warn("there are more nameservers than a broker registers with",
                 {{"found", all.size()}, {"used", kNameserversMax}});
  }
  if (too_many_) all.resize(kNameserversMax);
  if (all == nameservers_) return;
  nameservers_ = std::move(all);
  on_change_();
}

}  // namespace waypost::agent

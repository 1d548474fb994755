#include "client_sdk/runtime/nameserver_directory.h"

#include <algorithm>
#include <utility>

#include "wire/transport/socket_address.h"

namespace waypost::client {
namespace {

bool is_numeric(const base::Endpoint& address) {
  return transport::SocketAddress::parse(address.host, address.port)
      .has_value();
}

}  // namespace

NameserverDirectory::NameserverDirectory(base::Executor& executor,
                                         transport::Network& network,
                                         const NameserverSources& sources,
                                         base::Random random,
                                         std::function<void()> on_change,
                                         base::Logger logger)
    : executor_(executor),
      network_(network),
      sources_(sources),
      random_(random),
      on_change_(std::move(on_change)),
      logger_(logger) {
  if (!sources_.file.empty()) {
    lists_.push_back(std::make_unique<FileAddressSource>(
        executor_, sources_.file, [this] { on_source_changed(); }, logger_));
  }
  if (sources_.url) {
    lists_.push_back(std::make_unique<HttpAddressSource>(
        executor_, network_, *sources_.url, random_.fork(),
        [this] { on_source_changed(); }, logger_));
  }
  update_timer_.reset();
  update();
}

NameserverDirectory::~NameserverDirectory() = default;

// Within a turn, so that a list with three names is no three lists; and a
// source is never destroyed in its own callback.
void NameserverDirectory::on_source_changed() {
  if (update_timer_) return;
  update_timer_ = executor_.run_after(base::Duration::zero(), [this] {
    update_timer_.reset();
    const auto before = std::pair(nameservers_, trouble_);
    update();
    if (before != std::pair(nameservers_, trouble_)) on_change_();
  });
}

std::vector<base::Endpoint> NameserverDirectory::all_addresses() const {
  std::vector<base::Endpoint> all = sources_.addresses;
  for (const auto& list : lists_) {
    all.insert(all.end(), list->addresses().begin(), list->addresses().end());
  }
  return all;
}

void NameserverDirectory::look_up_new_names(
    const std::vector<base::Endpoint>& addresses) {
  std::erase_if(lookups_, [&](const auto& each) {
    return std::find(addresses.begin(), addresses.end(), each.first) ==
           addresses.end();
  });
  for (const auto& address : addresses) {
    if (is_numeric(address) || lookups_.contains(address)) continue;
    lookups_.emplace(address,
                     std::make_unique<transport::NameLookup>(
                         executor_, network_, address.host, random_.fork(),
                         [this] { on_source_changed(); }));
  }
}

void NameserverDirectory::update() {
  const auto addresses = all_addresses();
  look_up_new_names(addresses);
  std::vector<Nameserver> found;
  const auto add = [&found](const Nameserver& nameserver) {
    const bool known =
        std::any_of(found.begin(), found.end(), [&](const Nameserver& each) {
          return each.address == nameserver.address;
        });
    if (!known) found.push_back(nameserver);
  };
  trouble_.clear();
  const auto complain = [this](const std::string& why) {
    if (!why.empty()) trouble_ += (trouble_.empty() ? "" : "; ") + why;
  };
  for (const auto& list : lists_) complain(list->failure());
  for (const auto& address : addresses) {
    const auto lookup = lookups_.find(address);
    if (lookup == lookups_.end()) {
      add({address, address.to_string()});
      continue;
    }
    complain(lookup->second->failure());
    for (const auto& each : lookup->second->addresses()) {
      add({{each, address.port}, address.to_string() + " (" + each + ")"});
    }
  }
  if (const bool many = found.size() > kNameserversMax;
      std::exchange(too_many_, many) != many && many) {
    logger_.warn("there are more nameservers than a client uses",
                 {{"found", found.size()}, {"used", kNameserversMax}});
  }
  if (too_many_) found.resize(kNameserversMax);
  from_memory_ = found.empty();
  nameservers_ = from_memory_ ? sources_.remembered : std::move(found);
}

}  // namespace waypost::client

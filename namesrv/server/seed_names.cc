#include "namesrv/server/seed_names.h"

#include <algorithm>
#include <utility>

#include "wire/transport/socket_address.h"

namespace waypost::server {
namespace {

std::string text_of(const std::vector<base::Endpoint>& endpoints) {
  std::string text;
  for (const base::Endpoint& each : endpoints) {
    text += (text.empty() ? "" : ",") + each.to_string();
  }
  return text;
}

}  // namespace

// One entry of the list and what it stands for now.
class SeedNames::Name {
 public:
  Name(SeedNames& owner, const base::Endpoint& configured)
      : owner_(owner), configured_(configured), addresses_({configured}) {
    const bool numeric =
        transport::SocketAddress::parse(configured.host, configured.port)
            .has_value();
    if (!numeric) look_up();
  }

  const std::vector<base::Endpoint>& addresses() const { return addresses_; }

 private:
  void look_up() {
    lookup_ = owner_.network_.resolve(
        configured_.host, kLookupTimeout,
        [this](const base::Result<transport::ResolvedHost>& host) {
          // Of use or not, it is looked up again; not from inside of it.
          again_ =
              owner_.executor_.run_after(take(host), [this] { look_up(); });
        });
  }

  // When to look again.
  base::Duration take(const base::Result<transport::ResolvedHost>& host) {
    if (!host || host->addresses.empty()) {
      // Once is enough until it works again.
      if (!std::exchange(failing_, true)) {
        owner_.logger_.warn(
            "peers cannot be looked up; what was known of them stays",
            {{"name", configured_.host},
             {"why", host ? "no addresses" : host.error().to_string()}});
      }
      return kRetryAfter;
    }
    failing_ = false;
    std::vector<base::Endpoint> found;
    for (const std::string& address : host->addresses) {
      if (found.size() == kAddressesMax) break;
      found.push_back({address, configured_.port});
    }
    // Name servers turn the order about.
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    if (found != addresses_) {
      owner_.logger_.info("peers looked up", {{"name", configured_.host},
                                              {"addresses", text_of(found)}});
      addresses_ = std::move(found);
      owner_.tell();
    }
    if (host->ttl == base::Duration(0)) return kAgainAfter;
    return std::clamp(host->ttl, kAgainAfterMin, kAgainAfterMax);
  }

  SeedNames& owner_;
  const base::Endpoint configured_;
  std::vector<base::Endpoint> addresses_;
  bool failing_ = false;
  std::unique_ptr<transport::Operation> lookup_;
  std::unique_ptr<base::Timer> again_;
};

SeedNames::SeedNames(base::Executor& executor, transport::Network& network,
                     const std::vector<base::Endpoint>& configured,
                     OnChange on_change, base::Logger logger)
    : executor_(executor),
      network_(network),
      on_change_(std::move(on_change)),
      logger_(logger),
      told_(configured) {
  for (const base::Endpoint& each : configured) {
    names_.push_back(std::make_unique<Name>(*this, each));
  }
}

SeedNames::~SeedNames() = default;

void SeedNames::tell() {
  std::vector<base::Endpoint> all;
  for (const auto& name : names_) {
    for (const base::Endpoint& address : name->addresses()) {
      if (std::find(all.begin(), all.end(), address) == all.end()) {
        all.push_back(address);
      }
    }
  }
  if (all == told_) return;
  told_ = all;
  on_change_(std::move(all));
}

}  // namespace waypost::server

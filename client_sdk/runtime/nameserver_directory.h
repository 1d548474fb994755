#ifndef WAYPOST_CLIENT_SDK_RUNTIME_NAMESERVER_DIRECTORY_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_NAMESERVER_DIRECTORY_H_

// Which nameservers there are, now: addresses that were given, names among them
// looked up again and again to all their addresses, lists of an address server
// and of a file. Put together, each address once.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/random.h"
#include "client_sdk/core/http_message.h"
#include "client_sdk/core/nameserver_choice.h"
#include "client_sdk/runtime/address_sources.h"
#include "wire/transport/name_lookup.h"
#include "wire/transport/network.h"

namespace waypost::client {

struct NameserverSources {
  std::vector<base::Endpoint> addresses;  // numeric or names
  std::optional<HttpUrl> url;
  std::string file;  // empty: none
  // What was known the last time, for as long as no source has told anything.
  std::vector<Nameserver> remembered;
};

// Loop thread only.
class NameserverDirectory {
 public:
  // Names may stand for what they like. Nobody waits for the answers of so many
  // in turn, and each may cost a connection; those beyond it are left out.
  static constexpr std::size_t kNameserversMax = 64;

  // `on_change` is called when nameservers() or why_empty() is another than
  // before, not inside the constructor; `sources` must outlive this.
  NameserverDirectory(base::Executor& executor, transport::Network& network,
                      const NameserverSources& sources, base::Random random,
                      std::function<void()> on_change, base::Logger logger);
  ~NameserverDirectory();
  NameserverDirectory(const NameserverDirectory&) = delete;
  NameserverDirectory& operator=(const NameserverDirectory&) = delete;

  const std::vector<Nameserver>& nameservers() const { return nameservers_; }
  // What the sources' troubles are; empty when there are none.
  const std::string& trouble() const { return trouble_; }
  // True when the list is what was remembered, not what was told.
  bool from_memory() const { return from_memory_; }

 private:
  void on_source_changed();
  void update();
  std::vector<base::Endpoint> all_addresses() const;
  void look_up_new_names(const std::vector<base::Endpoint>& addresses);

  base::Executor& executor_;
  transport::Network& network_;
  const NameserverSources& sources_;
  base::Random random_;
  const std::function<void()> on_change_;
  const base::Logger logger_;
  std::vector<std::unique_ptr<AddressSource>> lists_;
  std::map<base::Endpoint, std::unique_ptr<transport::NameLookup>> lookups_;
  std::vector<Nameserver> nameservers_;
  std::string trouble_;
  bool from_memory_ = false;
  bool too_many_ = false;
  std::unique_ptr<base::Timer> update_timer_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_NAMESERVER_DIRECTORY_H_

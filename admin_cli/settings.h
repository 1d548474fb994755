#ifndef WAYPOST_ADMIN_CLI_SETTINGS_H_
#define WAYPOST_ADMIN_CLI_SETTINGS_H_

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/options.h"

namespace waypost::admin {

enum class OutputForm : std::size_t { kTable = 0, kJson = 1 };

struct Settings {
  std::vector<base::Endpoint> nameservers;
  std::size_t output = 0;  // an OutputForm
  bool all = false;
  base::Duration timeout = std::chrono::seconds(3);
  std::string prefix;
  // Of changes.
  std::string owner;  // empty: who runs waypostctl, where that is known
  std::string reason;
  base::Duration lapses_after{0};
  std::string cluster;
  // Of what concerns peers.
  std::vector<base::Endpoint> cluster_ports;
  std::string cluster_secret_file;
  std::string cluster_secret;  // what the file holds

  OutputForm form() const { return static_cast<OutputForm>(output); }
};

void declare_options(base::OptionTable& table, Settings& settings);

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_SETTINGS_H_

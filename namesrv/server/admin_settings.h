#ifndef WAYPOST_NAMESRV_SERVER_ADMIN_SETTINGS_H_
#define WAYPOST_NAMESRV_SERVER_ADMIN_SETTINGS_H_

#include <optional>
#include <string>

#include "base/endpoint.h"
#include "base/options.h"

namespace waypost::server {

// All that an operator can set of the admin port. Texts as read;
// complete_admin() makes the rest of them.
struct AdminOptions {
  std::string listen;  // empty: no admin port
  std::string token_file;

  std::optional<base::Endpoint> listen_at;  // set: there is an admin port
  std::string token;                        // empty: none is asked for
};

void declare_admin_options(AdminOptions& options, base::OptionTable& table);

base::Status complete_admin(AdminOptions& options);

// A shared secret out of a file of at most 64 KiB; line ends after it are none
// of it. `key` is the option that named the file, for the error.
base::Result<std::string> read_secret_file(const std::string& key,
                                           const std::string& path);

}  // namespace waypost::server

#endif  // WAYPOST_NAMESRV_SERVER_ADMIN_SETTINGS_H_

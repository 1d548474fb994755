#ifndef WAYPOST_CLIENT_SDK_CORE_CLIENT_ENVIRONMENT_H_
#define WAYPOST_CLIENT_SDK_CORE_CLIENT_ENVIRONMENT_H_

// Options out of environment variables, see ClientOptions::set_from_environment
// for which of them and in which order.

#include <map>
#include <string>

#include "base/error.h"
#include "waypost/options.hpp"

namespace waypost::client {

// Variables by name.
using Environment = std::map<std::string, std::string, std::less<>>;

// The process's variables that may concern us.
Environment process_environment();

// The error names the variable; `options` may be changed in part then.
base::Status apply_environment(const Environment& environment,
                               ClientOptions& options);

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_CLIENT_ENVIRONMENT_H_

#ifndef WAYPOST_CLIENT_SDK_EXAMPLES_ARGUMENTS_H_
#define WAYPOST_CLIENT_SDK_EXAMPLES_ARGUMENTS_H_

#include <cstdint>
#include <map>
#include <string>

#include "waypost/options.hpp"

namespace waypost::examples {

// `--key value` pairs. Keys of the SDK ("profile", "client.rpc-timeout", ...)
// go into its options; the program's own are asked for by name.
class Arguments {
 public:
  // `own`: the program's keys with their defaults. Prints what is wrong, or
  // with --help the keys, and ends the process.
  Arguments(int argc, char** argv, std::map<std::string, std::string> own);

  const std::string& text(const std::string& key) const;
  std::int64_t number(const std::string& key) const;
  const ClientOptions& client() const { return client_; }

 private:
  std::map<std::string, std::string> own_;
  ClientOptions client_;
};

}  // namespace waypost::examples

#endif  // WAYPOST_CLIENT_SDK_EXAMPLES_ARGUMENTS_H_

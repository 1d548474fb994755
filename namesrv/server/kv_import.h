#ifndef WAYPOST_NAMESRV_SERVER_KV_IMPORT_H_
#define WAYPOST_NAMESRV_SERVER_KV_IMPORT_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "namesrv/store/hard_state.h"

namespace waypost::server {

// The key-value configuration that a RocketMQ nameserver keeps in its
// kvConfig.json, `{"configTable":{"NAMESPACE":{"key":"value"}}}`, as changes
// that make it ours. kNotFound: no such file; kInvalidArgument: it is something
// else. The error names the file.
base::Result<std::vector<store::Change>> read_kv_config(
    const std::string& file);
base::Result<std::vector<store::Change>> parse_kv_config(
    std::string_view text, const std::string& file);

}  // namespace waypost::server

#endif  // WAYPOST_NAMESRV_SERVER_KV_IMPORT_H_

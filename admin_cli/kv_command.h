#ifndef WAYPOST_ADMIN_CLI_KV_COMMAND_H_
#define WAYPOST_ADMIN_CLI_KV_COMMAND_H_

#include <string>
#include <string_view>
#include <vector>

#include "admin_cli/answer.h"
#include "base/error.h"
#include "wire/model/administration.h"

namespace waypost::admin {

using KvEntries = std::vector<model::KvEntry>;

// `kv list`: entries, once for nameservers that have the same.
std::string kv_list_table(const Answers<KvEntries>& answers);
std::string kv_list_json(const Answers<KvEntries>& answers);

// `kv get`: the value alone, unless nameservers have different ones.
std::string kv_value_table(const Answers<std::string>& answers);
std::string kv_value_json(const Answers<std::string>& answers);

// RocketMQ's kvConfig.json: {"configTable": {NAMESPACE: {KEY: VALUE}}}. The
// error of reading says what is wrong, that of writing names an entry that is
// no UTF-8, which JSON cannot hold.
base::Result<KvEntries> parse_kv_file(std::string_view text);
base::Result<std::string> write_kv_file(const KvEntries& entries);

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_KV_COMMAND_H_

#ifndef WAYPOST_ADMIN_CLI_PARTITION_COMMAND_H_
#define WAYPOST_ADMIN_CLI_PARTITION_COMMAND_H_

#include <string>

#include "admin_cli/admin_questions.h"
#include "admin_cli/answer.h"
#include "wire/model/cluster.h"

namespace waypost::admin {

// `cluster partitions`: what each nameserver that answered has recorded, oldest
// first.
std::string partition_table(const Answers<model::PartitionList>& answers);
std::string partition_json(const Answers<model::PartitionList>& answers);

// `cluster forget`, `cluster readmit`: who took it. One is enough, it tells the
// others, so those asked before it are no alarm.
std::string forget_table(const Answers<Change>& answers);

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_PARTITION_COMMAND_H_

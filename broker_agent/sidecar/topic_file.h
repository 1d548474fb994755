#ifndef WAYPOST_BROKER_AGENT_SIDECAR_TOPIC_FILE_H_
#define WAYPOST_BROKER_AGENT_SIDECAR_TOPIC_FILE_H_

#include <string>
#include <string_view>

#include "base/error.h"
#include "broker_agent/core/topic_list.h"

namespace waypost::agent {

// The largest topic file that is read; some 500 000 topics.
inline constexpr std::size_t kTopicFileMaxBytes = 64 * 1024 * 1024;

// Reads
//
//   {"topics": [
//     {"name": "orders", "read_queues": 4, "write_queues": 4,
//      "permission": "rw"}
//   ]}
//
// Only the name is required: read_queues and write_queues are 4 by default,
// permission "rw" ("rw", "r", "w", "-", with "i" where topics inherit from it).
// Comments are allowed. Errors are kInvalidArgument; their message starts with
// "FILE:LINE: " and says what is wrong there. `file` is only used for that.
base::Result<TopicList> parse_topics(std::string_view text,
                                     const std::string& file);

// The same from a file.
base::Result<TopicList> read_topic_file(const std::string& file);

// The whole text of a file of at most kTopicFileMaxBytes; errors name it.
base::Result<std::string> read_topic_text(const std::string& file);

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_SIDECAR_TOPIC_FILE_H_

#include "wire/model/operations.h"

#include <array>
#include <charconv>

namespace waypost::model {

std::string_view server_state_name(ServerState state) {
  switch (state) {
    case ServerState::kStarting:
      return "starting";
    case ServerState::kServing:
      return "serving";
    case ServerState::kRecovering:
      return "recovering";
    case ServerState::kDraining:
      return "draining";
    case ServerState::kPaused:
      return "paused";
  }
  return "unknown";
}

Digest digest_topics(const std::vector<TopicConfig>& sorted_topics) {
  std::string canonical;
  canonical.reserve(sorted_topics.size() * 48);
  std::array<char, 16> digits;
  for (const TopicConfig& topic : sorted_topics) {
    // A name holds no blank (check_name), so this is unambiguous.
    canonical += topic.name.value();
    for (const std::uint32_t number :
         {topic.queues.read_queues, topic.queues.write_queues,
          topic.queues.permission.bits, topic.queues.system_flag}) {
      canonical += ' ';
      const auto written =
          std::to_chars(digits.data(), digits.data() + digits.size(), number);
      canonical.append(digits.data(), written.ptr);
    }
    canonical += '\n';
  }
  return digest_bytes(canonical);
}

}  // namespace waypost::model

#include "wire/model/topic.h"

#include <algorithm>

namespace waypost::model {

std::string Permission::to_string() const {
  std::string text;
  if (readable()) text += 'r';
  if (writable()) text += 'w';
  if ((bits & kInherit) != 0) text += 'i';
  return text.empty() ? "-" : text;
}

base::Result<Permission> parse_permission(std::string_view text) {
  Permission permission{0};
  if (text == "-") return permission;
  for (const char letter : text) {
    switch (letter) {
      case 'r':
        permission.bits |= Permission::kRead;
        break;
      case 'w':
        permission.bits |= Permission::kWrite;
        break;
      case 'i':
        permission.bits |= Permission::kInherit;
        break;
      default:
        permission.bits = 0;
        text = {};
    }
    if (text.empty()) break;
  }
  if (permission.bits == 0) {
    return base::fail(base::ErrorCode::kInvalidArgument, "bad permission",
                      "write rw, r, w or -");
  }
  return permission;
}

base::Status check_name(std::string_view what, std::string_view name) {
  const auto bad = [&](std::string_view why) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      std::string(what) + " '" +
                          std::string(name.substr(0, 64)) + "' " +
                          std::string(why));
  };
  if (name.empty()) return bad("is empty");
  if (name.size() > kNameMaxBytes) return bad("is longer than 255 bytes");
  const bool printable = std::all_of(name.begin(), name.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '/';
  });
  if (!printable) {
    return bad(
        "has a character other than printable ASCII without ' ' and '/'");
  }
  return {};
}

base::Status check_topic(const TopicConfig& topic) {
  if (auto named = check_name("topic name", topic.name.value()); !named) {
    return named;
  }
  if (topic.queues.read_queues > kQueuesMax ||
      topic.queues.write_queues > kQueuesMax) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "topic " + topic.name.value() + " has more than " +
                          std::to_string(kQueuesMax) + " queues");
  }
  return {};
}

}  // namespace waypost::model

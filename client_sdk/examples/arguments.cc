#include "client_sdk/examples/arguments.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

namespace waypost::examples {
namespace {

[[noreturn]] void refuse(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  std::exit(2);
}

[[noreturn]] void help(const std::map<std::string, std::string>& own) {
  for (const auto& [key, value] : own) {
    std::printf("--%s TEXT (default: %s)\n", key.c_str(), value.c_str());
  }
  std::printf("--profile rocketmq-4|rocketmq-5|fast\n");
  for (const ClientOptionInfo& option : client_option_table()) {
    std::printf("--%s %s (default: %s)\n    %s\n", option.key.c_str(),
                option.type.c_str(), option.default_value.c_str(),
                option.help.c_str());
  }
  std::exit(0);
}

}  // namespace

Arguments::Arguments(int argc, char** argv,
                     std::map<std::string, std::string> own)
    : own_(std::move(own)) {
  std::vector<std::pair<std::string, std::string>> sdk;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view flag = argv[i];
    if (flag == "--help") help(own_);
    if (!flag.starts_with("--") || i + 1 == argc) {
      refuse("expected --key value, got '" + std::string(flag) + "'");
    }
    const std::string key(flag.substr(2));
    const auto found = own_.find(key);
    if (found != own_.end()) {
      found->second = argv[i + 1];
    } else if (key == "profile") {
      // First, because it overwrites what it defines.
      sdk.insert(sdk.begin(), {key, argv[i + 1]});
    } else {
      sdk.emplace_back(key, argv[i + 1]);
    }
  }
  for (const auto& [key, value] : sdk) {
    const Status set = client_.set(key, value);
    if (!set) refuse("--" + set.error().to_string());
  }
}

const std::string& Arguments::text(const std::string& key) const {
  return own_.at(key);
}

std::int64_t Arguments::number(const std::string& key) const {
  const std::string& text = own_.at(key);
  std::int64_t number = 0;
  const auto result =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec != std::errc{} || result.ptr != text.data() + text.size() ||
      number < 1) {
    refuse("--" + key + ": '" + text + "' is not a number above 0");
  }
  return number;
}

}  // namespace waypost::examples

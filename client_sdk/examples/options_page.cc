// Prints the SDK's options as a page of docs/options.md, from the table that
// ClientOptions::set reads.

#include <array>
#include <cstdio>
#include <string>
#include <string_view>

#include "waypost/waypost.hpp"

namespace {

// For a cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '<') {
      result += "&lt;";
      continue;
    }
    if (c == '|') result += '\\';
    result += c;
  }
  return result;
}

// "30s; fast: 2s".
std::string default_text(const waypost::ClientOptionInfo& option) {
  constexpr std::array<std::string_view, 2> kOtherProfiles = {"rocketmq-5",
                                                              "fast"};
  std::string text =
      option.default_value.empty() ? "none" : option.default_value;
  for (const auto name : kOtherProfiles) {
    const auto profile = waypost::ClientOptions::for_profile(name);
    if (!profile) continue;
    const auto value = profile->get(option.key);
    if (!value || *value == option.default_value) continue;
    text += "; " + std::string(name) + ": " + *value;
  }
  return text;
}

}  // namespace

int main() {
  std::printf(
      "## The SDK\n\n"
      "Options of `waypost::Client`: members of `waypost::ClientOptions` and, "
      "by these\nkeys, `ClientOptions::set`, `waypost_options_set` in C and "
      "the environment\n(`ClientOptions::set_from_environment` tells the "
      "order). `profile` is a key too.\n\n"
      "| key | type | default | allowed | what it does |\n"
      "|---|---|---|---|---|\n");
  for (const auto& option : waypost::client_option_table()) {
    std::printf(
        "| `%s` | %s | %s | %s | %s |\n", option.key.c_str(),
        cell(option.type + (option.repeatable ? ", repeatable" : "")).c_str(),
        cell(default_text(option)).c_str(), cell(option.allowed).c_str(),
        cell(option.help).c_str());
  }
  return 0;
}

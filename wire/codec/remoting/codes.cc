#include "wire/codec/remoting/codes.h"

namespace waypost::remoting {

std::string_view language_name(Language language) {
  switch (language) {
    case Language::kJava:
      return "JAVA";
    case Language::kCpp:
      return "CPP";
    case Language::kDotnet:
      return "DOTNET";
    case Language::kPython:
      return "PYTHON";
    case Language::kDelphi:
      return "DELPHI";
    case Language::kErlang:
      return "ERLANG";
    case Language::kRuby:
      return "RUBY";
    case Language::kOther:
    case Language::kUnknown:
      return "OTHER";
    case Language::kHttp:
      return "HTTP";
    case Language::kGo:
      return "GO";
    case Language::kPhp:
      return "PHP";
    case Language::kOms:
      return "OMS";
    case Language::kRust:
      return "RUST";
    case Language::kNodeJs:
      return "NODE_JS";
  }
  return "OTHER";
}

Language language_of(std::uint8_t number) {
  return number <= static_cast<std::uint8_t>(Language::kNodeJs)
             ? Language{number}
             : Language::kUnknown;
}

Language language_of(std::string_view name) {
  for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(Language::kNodeJs);
       ++i) {
    if (language_name(Language{i}) == name) return Language{i};
  }
  return Language::kUnknown;
}

}  // namespace waypost::remoting

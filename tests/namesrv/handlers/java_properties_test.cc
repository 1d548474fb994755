#include "namesrv/handlers/remoting/java_properties.h"

#include <string>

#include <doctest/doctest.h>

#include "base/random.h"

namespace waypost::handlers {
namespace {

JavaProperties parse(std::string_view text) {
  auto properties = parse_java_properties(text);
  REQUIRE(properties.has_value());
  return *properties;
}

// "key=value;key=value" of what was read.
std::string read(std::string_view text) {
  std::string all;
  for (const auto& [key, value] : parse(text)) {
    if (!all.empty()) all += ';';
    all += key + '=' + value;
  }
  return all;
}

TEST_CASE("keys end at '=', ':' or blanks; blanks around are dropped") {
  CHECK(read("a=1\nb = 2\r\nc:3\rd 4\ne\t:\t5\nf==6\ng= 7 \n h=8") ==
        "a=1;b=2;c=3;d=4;e=5;f==6;g=7 ;h=8");
  CHECK(read("lonely") == "lonely=");
  CHECK(read("=value") == "=value");
  CHECK(read("a=\n\n   \nb") == "a=;b=");
}

TEST_CASE("comments and blank lines say nothing") {
  CHECK(read("# a=1\n  ! b=2\nc=3 # not a comment\n") == "c=3 # not a comment");
  // A comment is not continued.
  CHECK(read("# a \\\nb=2") == "b=2");
}

TEST_CASE("a backslash at the end continues the line, two do not") {
  CHECK(read("list=one,\\\n     two,\\\r\n\tthree\nnext=1") ==
        "list=one,two,three;next=1");
  CHECK(read("path=c:\\\\\nnext=1") == "path=c:\\;next=1");
  CHECK(read("a=1\\") == "a=1");
  CHECK(read("a=1\\\n# no comment here") == "a=1# no comment here");
}

TEST_CASE("escapes are taken out of keys and values") {
  CHECK(read(R"(a\ b\=c\:d=1)") == "a b=c:d=1");
  CHECK(read(R"(a=\t\n\r\f\q\\)") == "a=\t\n\r\fq\\");
  CHECK(read(R"(a=\u00fc\u4e3B)") == "a=ü主");
  CHECK(read(R"(a=\uD83D\uDE80)") == "a=🚀");
  CHECK(read(R"(a=\uD83Dx\uDE80)") == "a=\ufffdx\ufffd");
  CHECK(read(R"(a=\u0041B)") == "a=AB");
}

TEST_CASE("bytes are ISO 8859-1 and come back as UTF-8") {
  CHECK(read("a=\xfc") == "a=ü");
  // What was UTF-8 is read as the Java server reads it.
  CHECK(read("a=ü") == "a=Ã¼");
  CHECK(read("\xff\xfe").size() == std::string("ÿþ=").size());
}

TEST_CASE("a malformed escape is an error that names the line") {
  for (const char* bad :
       {R"(a\u00zz=1)", R"(a=\u)", R"(a=\u12)", R"(a=\uxyzw)"}) {
    CAPTURE(std::string(bad));
    const auto properties =
        parse_java_properties("x=1\n\n" + std::string(bad) + "\n");
    REQUIRE_FALSE(properties.has_value());
    CHECK(properties.error().code == base::ErrorCode::kMalformed);
    CHECK(properties.error().message.find("line 3") != std::string::npos);
  }
}

TEST_CASE("random texts are read or refused, and no text grows") {
  base::Random random(3);
  constexpr std::string_view kMarks = "\\=: \t\n\r\f#!u0aAéz";
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random.below(60), ' ');
    for (char& each : text) {
      each = random.chance(0.9) ? kMarks[random.below(kMarks.size())]
                                : static_cast<char>(random.below(256));
    }
    const auto properties = parse_java_properties(text);
    if (!properties) continue;
    std::size_t bytes = 0;
    for (const auto& [key, value] : *properties) {
      bytes += key.size() + value.size();
    }
    CHECK(bytes <= 2 * text.size());
  }
}

}  // namespace
}  // namespace waypost::handlers

#include "admin_cli/text_table.h"

#include <doctest/doctest.h>

namespace waypost::admin {
namespace {

using namespace std::chrono_literals;

TEST_CASE("columns are as wide as their widest cell and lines end clean") {
  TextTable table({{"NAME"}, {"COUNT", TextTable::Align::kRight}, {"NOTE"}});
  table.add_row({"a", "7", ""});
  table.add_row({"longer-name", "12345", "x"});
  CHECK(table.to_string() ==
        "NAME         COUNT  NOTE\n"
        "a                7  -\n"
        "longer-name  12345  x\n");
}

TEST_CASE("a table without rows is its title line") {
  const TextTable table({{"A"}, {"B"}});
  CHECK(table.to_string() == "A  B\n");
}

TEST_CASE("letters outside ASCII take one column") {
  TextTable table({{"ZONE"}, {"N"}});
  table.add_row({"z\xc3\xbcrich", "1"});
  table.add_row({"zurich", "2"});
  CHECK(table.to_string() ==
        "ZONE    N\n"
        "z\xc3\xbcrich  1\n"
        "zurich  2\n");
}

TEST_CASE("a peer's text cannot steer the terminal") {
  CHECK(printable("plain") == "plain");
  CHECK(printable("\x1b[2Jgone\r\n\x7f") == "?[2Jgone???");
  // U+009B begins an escape sequence as ESC [ does.
  CHECK(printable("a\xc2\x9b"
                  "2Jb") == "a?2Jb");
  CHECK(printable("caf\xc3\xa9") == "caf\xc3\xa9");
  CHECK(printable("\xc2") == "\xc2");
  TextTable table({{"X"}});
  table.add_row({"one\ntwo"});
  CHECK(table.to_string() == "X\none?two\n");
}

TEST_CASE("durations are short and name two units at most") {
  CHECK(duration_text(0s) == "0ms");
  CHECK(duration_text(999us) == "0ms");
  CHECK(duration_text(250ms) == "250ms");
  CHECK(duration_text(1s) == "1.0s");
  CHECK(duration_text(4290ms) == "4.2s");
  CHECK(duration_text(59'999ms) == "59.9s");
  CHECK(duration_text(60s) == "1m00s");
  CHECK(duration_text(200s) == "3m20s");
  CHECK(duration_text(1h) == "1h00m");
  CHECK(duration_text(5h + 2min + 59s) == "5h02m");
  CHECK(duration_text(76h) == "3d04h");
}

TEST_CASE("nouns follow their number") {
  CHECK(counted(0, "broker") == "0 brokers");
  CHECK(counted(1, "broker") == "1 broker");
  CHECK(counted(2, "broker") == "2 brokers");
}

}  // namespace
}  // namespace waypost::admin

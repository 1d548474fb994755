#include "process/config_file.h"

#include <doctest/doctest.h>

#include "tests/process/temporary_file.h"

namespace waypost::process {
namespace {

TEST_CASE("a file's lines keep their order and their places") {
  const auto lines = parse_config("a = 1\n\n#b = 2\n c.d-e\t=x = y ", "f");
  REQUIRE(lines.has_value());
  REQUIRE(lines->size() == 2);
  CHECK((*lines)[0].key == "a");
  CHECK((*lines)[0].place == "f:1");
  CHECK((*lines)[1].key == "c.d-e");
  CHECK((*lines)[1].value == "x = y");
  CHECK((*lines)[1].place == "f:4");
  CHECK(parse_config("", "f")->empty());
  CHECK((*parse_config("a=", "f"))[0].value.empty());
}

TEST_CASE("a line that is no setting is refused with its place") {
  for (const char* bad : {"a = 1\nnonsense\n", "a = 1\n= 2\n", "a=1\n[b]"}) {
    const auto lines = parse_config(bad, "f");
    REQUIRE_FALSE(lines.has_value());
    CHECK(lines.error().message.starts_with("f:2: "));
  }
}

TEST_CASE("a file that is too large or no file is refused") {
  const TemporaryFile large(std::string(1024 * 1024 + 1, '#'));
  CHECK_FALSE(read_config_file(large.path()).has_value());
  const TemporaryFile largest(std::string(1024 * 1024, '#'));
  CHECK(read_config_file(largest.path()).has_value());
  CHECK_FALSE(read_config_file("/nonexistent").has_value());
  CHECK_FALSE(read_config_file("/").has_value());
}

}  // namespace
}  // namespace waypost::process

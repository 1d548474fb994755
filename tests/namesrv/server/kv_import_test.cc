#include "namesrv/server/kv_import.h"

#include <string>

#include <doctest/doctest.h>

namespace waypost::server {
namespace {

store::HardState imported(std::string_view text) {
  const auto changes = parse_kv_config(text, "kvConfig.json");
  REQUIRE(changes.has_value());
  store::HardState state;
  for (const auto& change : *changes) {
    REQUIRE(store::check(state, change, {}).has_value());
    store::apply(state, change);
  }
  return state;
}

TEST_CASE("what the Java nameserver wrote is read") {
  const auto state = imported(
      R"({"configTable":{"NS":{"k1":"v1","empty":""},"NS2":{"kü":"v主"},)"
      R"("Emptied":{},"":{"":""},"ORDER_TOPIC_CONFIG":{"T":"broker-a:4"}}})");
  REQUIRE(state.kv.find("NS", "k1") != nullptr);
  CHECK(*state.kv.find("NS", "k1") == "v1");
  CHECK(*state.kv.find("NS", "empty") == "");
  CHECK(*state.kv.find("NS2", "kü") == "v主");
  CHECK(*state.kv.find("", "") == "");
  CHECK(*state.kv.find("ORDER_TOPIC_CONFIG", "T") == "broker-a:4");
  REQUIRE(state.kv.find("Emptied") != nullptr);
  CHECK(state.kv.find("Emptied")->empty());
}

TEST_CASE("an empty configuration and unknown members say nothing") {
  CHECK(imported(R"({"configTable":{}})").kv.namespaces().empty());
  CHECK(imported(R"({"configTable":{"N":{"k":null}},"more":1})")
            .kv.namespaces()
            .empty());
}

TEST_CASE("anything else is refused with the file's name and what is wrong") {
  for (const char* text :
       {"", "not json", "[]", "{}", R"({"configTable":[]})",
        R"({"configTable":{"N":"x"}})", R"({"configTable":{"N":{"k":1}}})"}) {
    CAPTURE(std::string(text));
    const auto changes = parse_kv_config(text, "dir/kvConfig.json");
    REQUIRE_FALSE(changes.has_value());
    CHECK(changes.error().code == base::ErrorCode::kInvalidArgument);
    CHECK(changes.error().message.starts_with("dir/kvConfig.json: "));
  }
}

TEST_CASE("a file that is not there is not found") {
  const auto changes = read_kv_config("/nonexistent/kvConfig.json");
  REQUIRE_FALSE(changes.has_value());
  CHECK(changes.error().code == base::ErrorCode::kNotFound);
}

}  // namespace
}  // namespace waypost::server

#include "namesrv/store/down_file.h"

#include <string>

#include <doctest/doctest.h>

#include "namesrv/store/file.h"
#include "tests/support/temp_dir.h"

namespace waypost::store {
namespace {

TEST_CASE("having been set to down is kept, and forgotten when it is over") {
  support::TempDir directory;
  const std::string path = directory.path();
  CHECK(load_down(path).value() == std::nullopt);
  const model::PeerNames names = {model::PeerName("ns-1"),
                                  model::PeerName("n\xff\n\"2")};
  REQUIRE(save_down(path, model::PeerNames{}));
  CHECK(load_down(path).value() == model::PeerNames{});
  REQUIRE(save_down(path, names));
  CHECK(load_down(path).value()->size() == 2);
  CHECK(load_down(path).value()->contains(model::PeerName("ns-1")));
  REQUIRE(save_down(path, std::nullopt));
  REQUIRE(save_down(path, std::nullopt));
  CHECK(load_down(path).value() == std::nullopt);
}

TEST_CASE("a file that cannot be read says so, and is not taken for none") {
  support::TempDir directory;
  for (const char* text :
       {"", "{", "[]", "{}", "{\"left_behind\":7}", "{\"left_behind\":[7]}"}) {
    CAPTURE(text);
    REQUIRE(replace_file(directory / "down.json", text));
    CHECK(load_down(directory.path()).error().code ==
          base::ErrorCode::kMalformed);
  }
}

}  // namespace
}  // namespace waypost::store

// Programs and libraries of different versions, and misuse of the C API.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

#include "tests/client_sdk/c_api/c_api_world.h"

namespace waypost {
namespace {

TEST_CASE("header and library are of one version, codes have names") {
  CHECK(std::string(waypost_version()) ==
        std::to_string(WAYPOST_VERSION_MAJOR) + "." +
            std::to_string(WAYPOST_VERSION_MINOR) + "." +
            std::to_string(WAYPOST_VERSION_PATCH));
  for (waypost_code code = WAYPOST_INTERNAL; code <= WAYPOST_DENIED; ++code) {
    CHECK(waypost_code_name(code) ==
          error_code_name(static_cast<ErrorCode>(code)));
  }
  CHECK(std::string(waypost_code_name(99)) == "unknown");
  CHECK(std::string(waypost_code_name(-1)) == "unknown");
}

TEST_CASE("structs of an older header are smaller, and work") {
  const World world;
  // In: what is not there is the default. This one ends before `key`.
  struct {
    std::size_t struct_size;
    std::int32_t purpose;
    std::int32_t selector;
    unsigned char beyond[64];
  } old{};
  old.struct_size = offsetof(waypost_pick_options, key);
  std::fill(std::begin(old.beyond), std::end(old.beyond), 0xff);
  waypost_pick pick{};
  pick.struct_size = sizeof pick;
  CHECK(waypost_topic_pick(world.topic(),
                           reinterpret_cast<const waypost_pick_options*>(&old),
                           &pick, nullptr) == WAYPOST_OK);

  // Out: nothing is written beyond it.
  struct {
    std::size_t struct_size;
    std::uint64_t switches;
    std::uint64_t queries;
    unsigned char beyond[64];
  } small{};
  std::fill(std::begin(small.beyond), std::end(small.beyond), 0xff);
  small.struct_size = offsetof(waypost_stats, failures);
  CHECK(waypost_client_stats(world.client(), reinterpret_cast<waypost_stats*>(
                                                 &small)) == WAYPOST_OK);
  CHECK(small.queries > 0);
  CHECK(small.struct_size == offsetof(waypost_stats, failures));
  for (const unsigned char byte : small.beyond) CHECK(byte == 0xff);
}

TEST_CASE("structs of a newer header are larger: what is set is refused") {
  const World world;
  struct {
    waypost_pick_options known;
    std::uint64_t newer;
  } options{};
  options.known.struct_size = sizeof options;
  waypost_pick pick{};
  pick.struct_size = sizeof pick;
  CHECK(waypost_topic_pick(world.topic(), &options.known, &pick, nullptr) ==
        WAYPOST_OK);
  options.newer = 1;
  CHECK(waypost_topic_pick(world.topic(), &options.known, &pick, nullptr) ==
        WAYPOST_INVALID_ARGUMENT);

  struct {
    waypost_stats known;
    std::uint64_t newer;
  } stats{};
  stats.newer = 7;
  stats.known.struct_size = sizeof stats;
  CHECK(waypost_client_stats(world.client(), &stats.known) == WAYPOST_OK);
  CHECK(stats.newer == 0);

  for (const std::size_t none : {0ul, 1ul, ~0ul}) {
    pick.struct_size = none;
    CHECK(waypost_topic_pick(world.topic(), nullptr, &pick, nullptr) ==
          WAYPOST_INVALID_ARGUMENT);
  }
}

TEST_CASE("a closed client says so; NULL is refused, and freed") {
  const World world;
  CHECK(waypost_client_close(world.client(), 60 * kSecond, nullptr) ==
        WAYPOST_OK);
  CHECK(waypost_client_refresh(world.client(), nullptr, kSecond, nullptr) ==
        WAYPOST_CANCELLED);
  CHECK(waypost_client_refresh(nullptr, nullptr, kSecond, nullptr) ==
        WAYPOST_INVALID_ARGUMENT);
  waypost_client_free(nullptr);
  waypost_options_free(nullptr);
  waypost_route_free(nullptr);
  waypost_topic_free(nullptr);
  waypost_error_free(nullptr);
  waypost_text_free(nullptr);
  CHECK(waypost_route_group_count(nullptr) == 0);
}

}  // namespace
}  // namespace waypost

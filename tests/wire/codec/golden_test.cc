// Yesterday's bytes are read today. golden/README.md says how to add to them.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>

#include <doctest/doctest.h>

#include "tests/wire/codec/examples.h"
#include "tests/wire/codec/same.h"
#include "wire/codec/native.h"

namespace waypost::codec {
namespace {

namespace fs = std::filesystem;

fs::path generation_001() { return fs::path(WAYPOST_GOLDEN_DIR) / "001"; }
fs::path generation_002() { return fs::path(WAYPOST_GOLDEN_DIR) / "002"; }

std::optional<std::string> read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Writes what is missing, if asked to. Never touches a file that exists.
void add_missing(const fs::path& path, const std::string& payload) {
  if (std::getenv("WAYPOST_ADD_GOLDEN") == nullptr || fs::exists(path)) return;
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << payload;
}

template <typename Message>
void check_golden(const fs::path& path, const Message& expected) {
  CAPTURE(path.string());
  add_missing(path, encode(expected));
  const auto payload = read_file(path);
  REQUIRE_MESSAGE(payload, "the file is missing");
  const auto decoded = decode<Message>(bytes_of(*payload));
  REQUIRE_MESSAGE(decoded, decoded.error().to_string());
  CHECK(same(*decoded, expected));
}

TEST_CASE("every message of generation 001 reads as it was meant") {
  std::set<std::string> expected;
  for_each_example([&](const auto& examples) {
    const std::string name(examples.name);
    check_golden(generation_001() / (name + ".full"), examples.full);
    check_golden(generation_001() / (name + ".minimal"), examples.minimal);
    expected.insert({name + ".full", name + ".minimal"});
  });
  std::set<std::string> found;
  for (const auto& entry : fs::directory_iterator(generation_001())) {
    found.insert(entry.path().filename().string());
  }
  CHECK(found == expected);
}

TEST_CASE("generation 002: a route with an order configuration") {
  auto route = route_examples().full;
  route.route.order = "broker-a:4;broker-b:16";
  route.digest = model::digest_route(route.route);
  CHECK(route.digest != route_examples().full.digest);
  check_golden(generation_002() / "route.full", route);
}

TEST_CASE("generation 002: a cluster view with the group's addresses") {
  auto view = cluster_view_examples().full;
  view.nameservers = {{"ns-a", {{"10.0.0.1", 9876}}, {{"10.0.0.1", 9877}}},
                      {"ns-b", {}, {}}};
  check_golden(generation_002() / "cluster_view.full", view);
}

TEST_CASE("generation 002: a heartbeat that says when it was sent") {
  auto heartbeat = peer_heartbeat_examples().full;
  heartbeat.sent_at_ms = 1'764'000'000'123;
  check_golden(generation_002() / "peer_heartbeat.full", heartbeat);
}

TEST_CASE("generation 002: a heartbeat of one that has restarted in process") {
  auto heartbeat = peer_heartbeat_examples().full;
  heartbeat.restarts = 3;
  check_golden(generation_002() / "peer_heartbeat.restarted", heartbeat);
}

TEST_CASE("generation 002: a partition whose end nobody saw") {
  auto list = partition_list_examples().full;
  list.partitions[0].end_unknown = true;
  check_golden(generation_002() / "partition_list.full", list);
}

TEST_CASE("generation 002: the end of an answer that says who left, and why") {
  check_golden(generation_002() / "route_query_end.full",
               route_query_end_002());
}

}  // namespace
}  // namespace waypost::codec

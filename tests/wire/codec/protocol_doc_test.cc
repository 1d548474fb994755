// The example in docs/protocol.md is what it says it is.

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "tests/wire/codec/same.h"
#include "wire/codec/frame.h"
#include "wire/codec/native.h"

namespace waypost::codec {
namespace {

// The bytes of each ```hex NAME block: lines "OFFSET  xx xx ...  |text|", whose
// offsets must be right; other lines are remarks.
std::map<std::string, std::string> hex_blocks() {
  std::ifstream file(WAYPOST_PROTOCOL_DOC);
  REQUIRE(file);
  std::map<std::string, std::string> blocks;
  std::string* block = nullptr;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      block = line.starts_with("```hex ") ? &blocks[line.substr(7)] : nullptr;
      continue;
    }
    const bool is_bytes = block != nullptr && line.size() > 6 &&
                          line[4] == ' ' &&
                          line.find_first_not_of("0123456789abcdef") == 4;
    if (!is_bytes) continue;
    CAPTURE(line);
    CHECK(std::stoul(line.substr(0, 4), nullptr, 16) == block->size());
    std::istringstream words(line.substr(4, line.find('|') - 4));
    for (std::string word; words >> word;) {
      REQUIRE(word.size() == 2);
      *block += static_cast<char>(std::stoi(word, nullptr, 16));
    }
  }
  return blocks;
}

// Takes the next frame off `bytes` and checks its header.
template <typename Message>
Message next_frame(std::string& bytes, FrameKind kind, std::uint16_t flags,
                   std::uint64_t correlation_id) {
  const FrameScan scan = scan_frame(bytes_of(bytes), kPayloadMaxBytesDefault);
  REQUIRE(scan.outcome == FrameScan::Outcome::kFrame);
  CHECK(scan.frame.header.kind == kind);
  CHECK(scan.frame.header.flags == flags);
  CHECK(scan.frame.header.correlation_id == correlation_id);
  const auto message = decode<Message>(scan.frame.payload);
  REQUIRE(message);
  // Also what we would send today.
  const std::string today =
      make_frame(kind, flags, correlation_id, encode(*message));
  CHECK(bytes.substr(0, scan.consumed) == today);
  bytes.erase(0, scan.consumed);
  return *message;
}

model::Route documented_route() {
  return {model::TopicName("orders"),
          {{model::ClusterName("c1"),
            model::BrokerName("broker-a"),
            {4, 4, {6}, 0},
            {{model::BrokerId(0),
              {"10.0.0.1", 10911},
              model::BrokerHealth::kHealthy,
              ""}}}}};
}

TEST_CASE("the documented requests are a preface, a hello and a query") {
  std::string bytes = hex_blocks()["client"];
  REQUIRE(bytes.size() > kPrefaceBytes);
  CHECK(check_preface(bytes_of(bytes).first(kPrefaceBytes)));
  bytes.erase(0, kPrefaceBytes);
  const auto hello =
      next_frame<model::HelloRequest>(bytes, FrameKind::kHello, 0, 1);
  CHECK(same(hello, {model::PeerRole::kClient, "demo", "1", {}}));
  const auto query = next_frame<model::RouteQueryRequest>(
      bytes, FrameKind::kQueryRoutes, 0, 2);
  CHECK(same(query, {{{model::TopicName("orders"), {}}}}));
  CHECK(bytes.empty());
}

TEST_CASE("the documented answers are a hello, a route and an end") {
  std::string bytes = hex_blocks()["server"];
  const model::Incarnation incarnation(0x1122334455667788U);
  const auto hello =
      next_frame<model::HelloReply>(bytes, FrameKind::kHello, kFlagReply, 1);
  CHECK(same(hello, {"ns-a", "0.1.0", incarnation, model::ServerState::kServing,
                     "", model::Epoch(0), 16 * 1024 * 1024}));
  const auto route = next_frame<model::VersionedRoute>(
      bytes, FrameKind::kRoute, kFlagReply | kFlagMore, 2);
  CHECK(route.route == documented_route());
  CHECK(route.digest == model::digest_route(documented_route()));
  const auto end = next_frame<model::RouteQueryEnd>(
      bytes, FrameKind::kQueryRoutes, kFlagReply, 2);
  CHECK(same(end, {incarnation, model::ServerState::kServing, 0, {}}));
  CHECK(bytes.empty());
}

TEST_CASE("the documented canonical bytes have the documented digest") {
  const model::Digest digest = model::digest_bytes(hex_blocks()["canonical"]);
  CHECK(digest == model::digest_route(documented_route()));
  CHECK(digest.to_string() == "5691a05a454a1d2c61d64c53fb198563");
}

}  // namespace
}  // namespace waypost::codec

// Whatever the bytes: a value or an error, within the memory budget. The
// sanitizer builds look for reads outside the payload.

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/hostile/hostile_bytes.h"
#include "tests/support/allocation_meter.h"
#include "tests/wire/codec/examples.h"
#include "wire/codec/frame.h"
#include "wire/codec/native.h"

namespace waypost::hostile {
namespace {

using codec::Bytes;

// Exactly as large as the bytes, so that a sanitizer sees one byte too many;
// 8-aligned as received payloads are, or deliberately not.
class Payload {
 public:
  Payload(const std::string& bytes, bool aligned)
      : block_(bytes.size() + 1 - (aligned ? 1 : 0)),
        size_(bytes.size()),
        offset_(aligned ? 0 : 1) {
    std::copy(bytes.begin(), bytes.end(), block_.begin() + offset_);
  }
  Bytes bytes() const {
    return std::as_bytes(std::span(block_))
        .subspan(static_cast<std::size_t>(offset_), size_);
  }

 private:
  std::vector<char> block_;
  std::size_t size_;
  std::ptrdiff_t offset_;
};

// The budget's multiple, room for the aligned copy, for the allocator's
// rounding and for the fixed part of a message.
std::size_t memory_allowed(std::size_t payload_bytes) {
  return (codec::DecodeLimits().expansion * 2 + 1) * payload_bytes + 16 * 1024;
}

class Visitor : public codec::RouteQueryVisitor {
 public:
  void visit(std::string_view topic, const model::Digest&) override {
    bytes_ += topic.size();
  }

 private:
  std::size_t bytes_ = 0;
};

template <typename Message>
bool survives(const std::string& bytes, bool aligned) {
  const Payload payload(bytes, aligned);
  const support::AllocationMeter meter;
  const auto decoded = codec::decode<Message>(payload.bytes());
  const std::size_t peak = meter.peak_bytes();
  const bool bounded = peak <= memory_allowed(bytes.size());
  if (!bounded) MESSAGE("took " << peak << " for " << bytes.size());
  return bounded && (decoded.has_value() || !decoded.error().message.empty());
}

bool query_survives(const std::string& bytes, bool aligned) {
  const Payload payload(bytes, aligned);
  Visitor visitor;
  const support::AllocationMeter meter;
  const auto status = codec::visit_route_query(payload.bytes(), visitor);
  const bool bounded = meter.peak_bytes() <= memory_allowed(bytes.size());
  return bounded && (status.has_value() || !status.error().message.empty());
}

constexpr int kRounds = 3000;

TEST_CASE("random bytes are decoded or refused, as any message") {
  base::Random random(1);
  for (int round = 0; round < kRounds / 10; ++round) {
    const auto bytes = random_bytes(random, random.below(400));
    const bool aligned = random.chance(0.5);
    codec::for_each_example([&](const auto& example) {
      using Message = std::decay_t<decltype(example.full)>;
      REQUIRE(survives<Message>(bytes, aligned));
    });
    REQUIRE(query_survives(bytes, aligned));
  }
}

TEST_CASE("damaged messages are decoded or refused") {
  base::Random random(2);
  codec::for_each_example([&](const auto& example) {
    using Message = std::decay_t<decltype(example.full)>;
    CAPTURE(example.name);
    const auto intact = codec::encode(example.full);
    int decoded = 0;
    for (int round = 0; round < kRounds; ++round) {
      const auto bytes = mutated(random, intact);
      REQUIRE(survives<Message>(bytes, random.chance(0.9)));
      decoded +=
          codec::decode<Message>(std::as_bytes(std::span(bytes))).has_value()
              ? 1
              : 0;
    }
    // The damage is of the useful kind: some of it gets past the verifier.
    CHECK(decoded > 0);
    CHECK(decoded < kRounds);
  });
}

TEST_CASE("damaged queries are visited or refused") {
  base::Random random(3);
  const auto intact = codec::encode(codec::route_query_examples().full);
  for (int round = 0; round < kRounds; ++round) {
    REQUIRE(query_survives(mutated(random, intact), random.chance(0.9)));
  }
}

TEST_CASE("a message read as another kind is decoded or refused") {
  std::vector<std::string> all;
  codec::for_each_example([&](const auto& example) {
    all.push_back(codec::encode(example.full));
    all.push_back(codec::encode(example.minimal));
  });
  codec::for_each_example([&](const auto& example) {
    using Message = std::decay_t<decltype(example.full)>;
    for (const auto& bytes : all) REQUIRE(survives<Message>(bytes, true));
  });
}

TEST_CASE("bombs cost no more than their budget") {
  using model::RegisterRequest;
  // 4 MB that would become 1 GB.
  CHECK(survives<RegisterRequest>(repeated_string_bomb(1'000'000, 1000), true));
  CHECK(survives<RegisterRequest>(repeated_string_bomb(1000, 1'000'000), true));
  CHECK(survives<RegisterRequest>(repeated_table_bomb(1'000'000), true));
  CHECK(survives<RegisterRequest>(repeated_table_bomb(4'000'000), true));
  CHECK(
      survives<model::RouteQueryRequest>(repeated_query_bomb(4'000'000), true));
  CHECK(query_survives(repeated_query_bomb(4'000'000), true));

  const auto bomb = repeated_string_bomb(1'000'000, 1000);
  const auto refused =
      codec::decode<RegisterRequest>(std::as_bytes(std::span(bomb)));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == base::ErrorCode::kTooLarge);
  // The same shape in moderation is a message like any other.
  const auto mild = repeated_string_bomb(3, 10);
  CHECK(codec::decode<RegisterRequest>(std::as_bytes(std::span(mild)))
            ->removed.size() == 3);
}

// Feeds a stream in random pieces, as a connection would.
struct StreamResult {
  std::vector<std::string> payloads;
  bool refused = false;
};
StreamResult scan_in_pieces(base::Random& random, const std::string& stream) {
  StreamResult result;
  std::string held;
  std::size_t fed = 0;
  while (fed < stream.size() && !result.refused) {
    const std::size_t piece =
        std::min<std::size_t>(1 + random.below(40), stream.size() - fed);
    held.append(stream, fed, piece);
    fed += piece;
    for (;;) {
      const auto scan = codec::scan_frame(std::as_bytes(std::span(held)), 4096);
      using Outcome = codec::FrameScan::Outcome;
      if (scan.outcome == Outcome::kNeedMore) break;
      if (scan.outcome != Outcome::kFrame) {
        result.refused = true;
        break;
      }
      REQUIRE(scan.consumed >= codec::kFrameHeaderBytes);
      REQUIRE(scan.consumed <= held.size());
      result.payloads.emplace_back(
          reinterpret_cast<const char*>(scan.frame.payload.data()),
          scan.frame.payload.size());
      held.erase(0, scan.consumed);
    }
    // What is kept is never more than one frame.
    REQUIRE(held.size() < codec::kFrameHeaderBytes + 4096 + 40);
  }
  return result;
}

TEST_CASE("frames are found however the stream is cut") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    base::Random random(seed);
    std::vector<std::string> sent;
    std::string stream;
    for (int i = 0; i < 20; ++i) {
      sent.push_back(random_bytes(random, 8 * random.below(50)));
      stream += codec::make_frame(codec::FrameKind::kPing, 0, random.next(),
                                  sent.back());
    }
    const auto result = scan_in_pieces(random, stream);
    CHECK_FALSE(result.refused);
    CHECK(result.payloads == sent);
  }
}

TEST_CASE("a damaged stream is refused or read as other frames, never stuck") {
  int refused = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    base::Random random(seed);
    std::string stream;
    for (int i = 0; i < 5; ++i) {
      stream += codec::make_frame(codec::FrameKind::kPing, 0, random.next(),
                                  random_bytes(random, 8 * random.below(20)));
    }
    refused += scan_in_pieces(random, mutated(random, stream)).refused ? 1 : 0;
  }
  CHECK(refused > 50);
}

}  // namespace
}  // namespace waypost::hostile

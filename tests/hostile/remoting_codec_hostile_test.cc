// Whatever a remoting peer sends: a value or an error, within the memory
// budget. The recordings are what gets damaged. The sanitizer builds look for
// reads outside the bytes.

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/hostile/hostile_bytes.h"
#include "tests/support/allocation_meter.h"
#include "tests/wire/codec/remoting/recordings.h"
#include "wire/codec/remoting/bodies.h"
#include "wire/codec/remoting/command.h"
#include "wire/codec/remoting/inflater.h"
#include "wire/codec/remoting/json_reader.h"
#include "wire/codec/remoting/register_body.h"
#include "wire/codec/remoting/route_query.h"

namespace waypost::hostile {
namespace {

using remoting::FrameScan;
using remoting::FrameView;
using remoting::Serialization;

// Exactly as large as the bytes, so that a sanitizer sees one byte too many.
class Block {
 public:
  explicit Block(const std::string& bytes)
      : chars_(bytes.begin(), bytes.end()) {}
  std::string_view view() const { return {chars_.data(), chars_.size()}; }

 private:
  std::vector<char> chars_;
};

// The budget, half of it again while a list moves, a repaired copy of the
// bytes, scratch, and the fixed parts.
std::size_t memory_allowed(std::size_t body_bytes, std::size_t expansion) {
  return (expansion + expansion / 2 + 8) * body_bytes + 64UL * 1024;
}

// Runs `decode(bytes)` and says whether it kept to its memory and, if it
// failed, said why.
template <typename Decode>
bool survives(const std::string& bytes, std::size_t allowed,
              const Decode& decode) {
  const Block block(bytes);
  const support::AllocationMeter meter;
  const auto decoded = decode(block.view());
  const bool bounded = meter.peak_bytes() <= allowed;
  if (!bounded) {
    MESSAGE("took " << meter.peak_bytes() << " for " << bytes.size());
  }
  return bounded && (decoded.has_value() || !decoded.error().message.empty());
}

bool header_survives(const std::string& bytes, Serialization serialization) {
  return survives(bytes, memory_allowed(bytes.size(), 16),
                  [&](std::string_view header) {
                    const FrameView frame{serialization, header, ""};
                    remoting::scan_route_query(frame);
                    return remoting::decode_header(frame);
                  });
}

bool registration_survives(const std::string& bytes,
                           std::int32_t broker_version) {
  const remoting::RegisterBodyLimits limits{64UL * 1024};
  // What is deflated may unfold within its limit, whatever its size.
  const std::size_t unfolded =
      remoting::begins_zlib_stream(bytes) ? limits.frame_max_bytes : 0;
  const std::size_t allowed =
      memory_allowed(std::max(bytes.size(), unfolded), 4);
  return survives(bytes, allowed, [&](std::string_view body) {
    return remoting::decode_register_body(body, {broker_version, false},
                                          limits);
  });
}

bool bodies_survive(const std::string& bytes) {
  const std::size_t small = memory_allowed(bytes.size(), 4);
  const std::size_t large = memory_allowed(bytes.size(), 24);
  return survives(bytes, small, remoting::decode_route) &&
         survives(bytes, small, remoting::decode_data_version) &&
         survives(bytes, large, remoting::decode_cluster_info) &&
         survives(bytes, large, remoting::decode_topic_list) &&
         survives(bytes, large, remoting::decode_kv_table) &&
         survives(bytes, large, remoting::decode_member_group);
}

// Every frame that was ever recorded, requests and responses, but the two of
// 16 MiB.
std::vector<FrameView> recorded_frames() {
  std::vector<FrameView> frames;
  for (const auto& exchange : remoting::recorded_exchanges()) {
    if (exchange.request.size() > 64UL * 1024) continue;
    for (const FrameView& frame : remoting::frames_of(exchange.request)) {
      frames.push_back(frame);
    }
    for (const std::string& response : exchange.responses) {
      frames.push_back(remoting::whole_frame(response));
    }
  }
  return frames;
}

constexpr int kRounds = 40'000;

TEST_CASE("random bytes are decoded or refused, as anything") {
  base::Random random(1);
  for (int round = 0; round < kRounds / 10; ++round) {
    const std::string bytes = random_bytes(random, random.below(300));
    REQUIRE(header_survives(bytes, Serialization::kJson));
    REQUIRE(header_survives(bytes, Serialization::kBinary));
    REQUIRE(registration_survives(bytes, 409));
    REQUIRE(bodies_survive(bytes));
  }
}

TEST_CASE("damaged headers are decoded or refused") {
  base::Random random(2);
  const auto frames = recorded_frames();
  int decoded = 0;
  for (int round = 0; round < kRounds; ++round) {
    const FrameView& frame = frames[random.below(frames.size())];
    const std::string bytes = mutated(random, std::string(frame.header));
    CAPTURE(bytes);
    REQUIRE(header_survives(bytes, frame.serialization));
    decoded +=
        remoting::decode_header({frame.serialization, bytes, ""}) ? 1 : 0;
  }
  CHECK(decoded > kRounds / 20);
  CHECK(decoded < kRounds);
}

TEST_CASE(
    "damaged bodies are decoded or refused, as the right one and others") {
  base::Random random(3);
  std::vector<std::string> bodies;
  for (const FrameView& frame : recorded_frames()) {
    if (!frame.body.empty()) bodies.emplace_back(frame.body);
  }
  REQUIRE(bodies.size() > 300);
  int registered = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::string bytes =
        mutated(random, bodies[random.below(bodies.size())]);
    CAPTURE(bytes);
    REQUIRE(registration_survives(bytes, random.chance(0.8) ? 409 : 0));
    if (round % 4 == 0) REQUIRE(bodies_survive(bytes));
    registered += remoting::decode_register_body(bytes, {}) ? 1 : 0;
  }
  CHECK(registered > kRounds / 20);
  CHECK(registered < kRounds);
}

// Pieces of JSON thrown together reach more of a reader than damage to whole
// texts does.
TEST_CASE("JSON from a heap of pieces is read or refused") {
  constexpr std::string_view kPieces[] = {"{",
                                          "}",
                                          "[",
                                          "]",
                                          ":",
                                          ",",
                                          "\"",
                                          "'",
                                          "\\",
                                          "\\u",
                                          "D83D",
                                          "/*",
                                          "*/",
                                          "//",
                                          "\n",
                                          " ",
                                          "1",
                                          "-",
                                          ".5e9",
                                          "L",
                                          "null",
                                          "true",
                                          "false",
                                          "NaN",
                                          "\xff",
                                          "\xe4",
                                          "\xed\xa0",
                                          "\x01",
                                          "\"a\"",
                                          "topicConfigTable:{",
                                          "\"topicName\":",
                                          "currIdMap:{0:",
                                          "topicConfigSerializeWrapper:{",
                                          "topicQueueMappingInfoMap:{",
                                          "brokerDatas:[",
                                          "{\"brokerAddrs\":{",
                                          "extFields:{",
                                          "code:",
                                          "table:{"};
  base::Random random(4);
  int read = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::string bytes = random.chance(0.7) ? "{" : "";
    for (std::uint64_t pieces = random.below(30); pieces > 0; --pieces) {
      bytes += kPieces[random.below(std::size(kPieces))];
    }
    CAPTURE(bytes);
    REQUIRE(header_survives(bytes, Serialization::kJson));
    REQUIRE(registration_survives(bytes, 409));
    REQUIRE(registration_survives(bytes, 0));
    REQUIRE(bodies_survive(bytes));
    remoting::JsonReader reader(bytes);
    reader.skip();
    read += reader.finish() ? 1 : 0;
  }
  CHECK(read > 100);
}

// The same JSON, but in no topic as brokers write it.
std::string with_blanks(std::string text) {
  for (std::size_t at = 0; (at = text.find("{\"", at)) != std::string::npos;) {
    text.insert(at + 1, " ");
    at += 2;
  }
  return text;
}

// A name may look like the beginning of an object.
remoting::RegisterBody without_blanks(remoting::RegisterBody body) {
  const auto clean = [](std::string text) {
    std::erase(text, ' ');
    return text;
  };
  for (auto& topic : body.topics) {
    topic.name = model::TopicName(clean(topic.name.value()));
  }
  for (auto& server : body.filter_servers) server = clean(server);
  return body;
}

TEST_CASE(
    "topics as brokers write them read as any others do, damaged or not") {
  base::Random random(5);
  int usual = 0;
  for (int round = 0; round < kRounds; ++round) {
    remoting::RegisterBody body;
    for (std::uint64_t topics = random.below(4); topics > 0; --topics) {
      const auto number = [&random] {
        return static_cast<std::uint32_t>(random.next() >> random.below(64));
      };
      body.topics.push_back({model::TopicName(random_bytes(random, 3)),
                             {number(), number(), {number()}, number()}});
    }
    std::string json = remoting::encode_register_body(body);
    if (round % 4 != 0) json = mutated(random, json);
    CAPTURE(json);
    const auto quick = remoting::decode_register_body(json, {});
    const auto slow = remoting::decode_register_body(with_blanks(json), {});
    REQUIRE(quick.has_value() == slow.has_value());
    if (quick) {
      REQUIRE(without_blanks(*quick) == without_blanks(*slow));
      ++usual;
    }
  }
  CHECK(usual > kRounds / 4);
}

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

TEST_CASE("the densest bodies cost no more than their budget") {
  constexpr std::size_t kTimes = 200'000;
  for (const std::string_view open_and_piece :
       {"{brokerDatas:[|{},", "{queueDatas:[|{},", "{topicList:[|1,",
        "{table:{|1:1,", "{brokerAddrTable:{|1:{},",
        "{clusterAddrTable:{|1:[],", "{brokerMemberGroup:{brokerAddrs:{|1:1,",
        "{filterServerTable:{|a:[],", "{topicQueueMappingByBroker:{|a:{},",
        "{filterServerList:[|1,",
        "{topicConfigSerializeWrapper:{topicConfigTable:{|a:{topicName:1},",
        "{topicConfigSerializeWrapper:{topicQueueMappingInfoMap:{|a:{},",
        "{extFields:{|a:1,", "{remark:[|\"\x01\",", "{remark:\"|\x01",
        "{remark:\"|\xff"}) {
    CAPTURE(open_and_piece);
    const std::size_t bar = open_and_piece.find('|');
    const std::string open(open_and_piece.substr(0, bar));
    const std::string bytes =
        open + repeated(open_and_piece.substr(bar + 1), kTimes);
    const std::string closed =
        bytes + repeated(open.back() == '[' ? "]" : "}", 1) +
        repeated("}", static_cast<std::size_t>(
                          std::count(open.begin(), open.end(), '{')));
    for (const std::string& text : {bytes, closed}) {
      CHECK(header_survives(text, Serialization::kJson));
      CHECK(registration_survives(text, 409));
      CHECK(bodies_survive(text));
    }
  }
}

TEST_CASE("frames are found however the stream is cut, damaged or not") {
  const auto& exchanges = remoting::recorded_exchanges();
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    base::Random random(seed);
    std::string stream;
    std::size_t frames = 0;
    while (frames < 10) {
      const auto& exchange = exchanges[random.below(exchanges.size())];
      if (exchange.responses.size() != 1) continue;
      stream += exchange.responses[0];
      ++frames;
    }
    const bool damaged = random.chance(0.5);
    if (damaged) stream = mutated(random, stream);
    std::string held;
    std::size_t found = 0;
    for (std::size_t fed = 0; fed < stream.size();) {
      const std::size_t piece =
          std::min<std::size_t>(1 + random.below(300), stream.size() - fed);
      held.append(stream, fed, piece);
      fed += piece;
      FrameScan scan;
      while ((scan = remoting::scan_frame(remoting::bytes_of(held), 65536))
                 .outcome == FrameScan::Outcome::kFrame) {
        REQUIRE(scan.frame_bytes <= held.size());
        held.erase(0, scan.frame_bytes);
        ++found;
      }
      if (scan.outcome != FrameScan::Outcome::kNeedMore) {
        REQUIRE(damaged);
        REQUIRE_FALSE(scan.reason.empty());
        break;
      }
    }
    if (!damaged) CHECK(found == frames);
  }
}

}  // namespace
}  // namespace waypost::hostile

#ifndef WAYPOST_BENCHMARKS_DRIVER_WIRE_FORMAT_H_
#define WAYPOST_BENCHMARKS_DRIVER_WIRE_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"

namespace waypost::bench {

// How the load generator's requests and answers are framed and numbered.
enum class WireFormat : std::size_t {
  kNative = 0,
  kRemoting = 1,        // RocketMQ remoting with JSON headers
  kRemotingBinary = 2,  // ... with binary headers
};
inline const std::vector<std::string> kWireFormatNames = {"native", "remoting",
                                                          "remoting-binary"};

// The numbers that requests carry: each has ten decimal digits, which is what
// a JSON header has room for, and fits an opaque.
using RequestId = std::uint32_t;
inline constexpr RequestId kRequestIdMin = 1'000'000'000;
inline constexpr RequestId kRequestIdMax = INT32_MAX;

// Bytes of a number in a request and in its answer.
std::size_t request_id_bytes(WireFormat format);

// Where the number is in a frame; none when it is no frame of that format with
// a number of request_id_bytes.
std::optional<std::size_t> find_request_id(WireFormat format,
                                           const std::string& frame);

void put_request_id(WireFormat format, char* at, RequestId id);

struct AnswerFrame {
  std::size_t bytes = 0;
  std::uint64_t id = 0;
  bool last = true;  // of its answer
  bool error = false;
};
// The frame at the front; none while it is incomplete.
base::Result<std::optional<AnswerFrame>> take_answer_frame(
    WireFormat format, std::span<const char> bytes);

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_WIRE_FORMAT_H_

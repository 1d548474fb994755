#ifndef WAYPOST_TESTS_WIRE_CODEC_REMOTING_RECORDINGS_H_
#define WAYPOST_TESTS_WIRE_CODEC_REMOTING_RECORDINGS_H_

// The recorded exchanges with the Java nameserver (tests/data/rocketmq), as
// frames. Its README tells the format.

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/codec/remoting/frame.h"

namespace waypost::remoting {

struct RecordedExchange {
  std::string scenario;  // "003-register-master-basic"
  int step = 0;
  std::string note;
  std::string request;  // the bytes of one write
  std::string outcome;  // "response", "no_response", "closed"
  std::vector<std::string> responses;
};

// Every step that sends bytes, in order.
const std::vector<RecordedExchange>& recorded_exchanges();

// One step; the scenario by its number, "003". Fails the test if there is none.
const RecordedExchange& recorded_exchange(std::string_view number, int step);

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

// The frame that the text is; fails the test if it is not exactly one.
FrameView whole_frame(std::string_view text);

// The complete frames at the front of the text.
std::vector<FrameView> frames_of(std::string_view text);

}  // namespace waypost::remoting

#endif  // WAYPOST_TESTS_WIRE_CODEC_REMOTING_RECORDINGS_H_

#ifndef WAYPOST_WIRE_TRANSPORT_IO_BUFFERS_H_
#define WAYPOST_WIRE_TRANSPORT_IO_BUFFERS_H_

#include <array>
#include <cstddef>
#include <cstring>
#include <span>

namespace waypost::transport {

class UvConnection;

// The memory that all connections of a loop share, because only one of them is
// being served at a time: what is read goes into `scratch`, what is written
// while it is being served gathers in the cork. So serving a request takes
// nothing from the heap, and 100 000 idle connections hold no buffers.
class IoBuffers {
 public:
  // One read of a socket: as much as a bare libuv server asks for.
  static constexpr std::size_t kScratchBytes = 64 * 1024;
  // Output above this goes out in pieces of this size.
  static constexpr std::size_t kCorkBytes = 128 * 1024;

  std::span<std::byte> scratch() { return scratch_; }

  // The connection whose output is being gathered; null when none is served.
  UvConnection* corked() const { return corked_; }
  void cork(UvConnection* connection) { corked_ = connection; }

  // Adds to the cork; false when it does not fit.
  bool gather(std::span<const std::byte> bytes) {
    if (bytes.size() > kCorkBytes - gathered_) return false;
    std::memcpy(cork_.data() + gathered_, bytes.data(), bytes.size());
    gathered_ += bytes.size();
    return true;
  }
  std::span<const std::byte> gathered() const {
    return {cork_.data(), gathered_};
  }
  void drop_gathered() { gathered_ = 0; }

 private:
  alignas(64) std::array<std::byte, kScratchBytes> scratch_;
  alignas(64) std::array<std::byte, kCorkBytes> cork_;
  std::size_t gathered_ = 0;
  UvConnection* corked_ = nullptr;
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_IO_BUFFERS_H_

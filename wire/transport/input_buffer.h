#ifndef WAYPOST_WIRE_TRANSPORT_INPUT_BUFFER_H_
#define WAYPOST_WIRE_TRANSPORT_INPUT_BUFFER_H_

#include <cstddef>
#include <span>

#include "base/byte_budget.h"

namespace waypost::transport {

// Input of one connection that its handler could not consume yet: the beginning
// of a message whose rest is still to come. Its memory is charged to a budget,
// is never much more than twice what has arrived, and is gone when it is empty,
// so an idle connection holds none. The first byte is 16-aligned.
class InputBuffer {
 public:
  // Least room that make_room() provides.
  static constexpr std::size_t kRoomMin = 16 * 1024;

  // `limit`: what it may come to hold; its memory stays below `limit` plus
  // kRoomMin. `budget` may be null.
  InputBuffer(std::size_t limit, base::ByteBudget* budget)
      : limit_(limit), budget_(budget) {}
  InputBuffer(InputBuffer&& other) noexcept;
  InputBuffer& operator=(InputBuffer&& other) noexcept;
  ~InputBuffer() { clear(); }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }

  // These return false when the budget has no bytes left or the system no
  // memory; the content is then as before, or gone.
  [[nodiscard]] bool append(std::span<const std::byte> bytes);
  // `bytes` may not lie in this buffer.
  [[nodiscard]] bool assign(std::span<const std::byte> bytes);
  // Makes sure that room() is not small.
  [[nodiscard]] bool make_room();

  // Behind what it holds; then commit() what was written there.
  std::span<std::byte> room() { return {data_ + size_, capacity_ - size_}; }
  void commit(std::size_t count) { size_ += count; }

  // Drops the first `count` bytes; the rest moves to the front.
  void consume(std::size_t count);
  void clear();

 private:
  bool set_capacity(std::size_t capacity);

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::size_t limit_;
  base::ByteBudget* budget_;
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_INPUT_BUFFER_H_

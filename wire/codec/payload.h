#ifndef WAYPOST_WIRE_CODEC_PAYLOAD_H_
#define WAYPOST_WIRE_CODEC_PAYLOAD_H_

// What the *_messages.cc files share; no header of ours includes this one.
//
// Reading is two steps: the FlatBuffers verifier proves that every offset stays
// inside the payload, then a Reader copies the values out. The verifier leaves
// three things open: it takes the payload's own alignment for granted, it does
// not see that a million offsets lead to the same string, and it knows nothing
// of what the values mean. AlignedPayload and Reader close them.

#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <native_generated.h>

#include "base/endpoint.h"
#include "base/error.h"
#include "wire/codec/native.h"
#include "wire/model/operations.h"

namespace waypost::codec {

// --- Writing ---

// Builds one payload in this thread's reused builder. One at a time.
class Writer {
 public:
  Writer();
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  flatbuffers::FlatBufferBuilder& builder() { return builder_; }

  // Always present, even when empty: what readers require.
  flatbuffers::Offset<flatbuffers::String> required(const std::string& text) {
    return builder_.CreateString(text);
  }
  // Absent when empty; any bytes.
  flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> bytes(
      const std::string& bytes);
  // Absent when empty.
  flatbuffers::Offset<flatbuffers::String> optional(const std::string& text) {
    return text.empty() ? flatbuffers::Offset<flatbuffers::String>()
                        : builder_.CreateString(text);
  }
  flatbuffers::Offset<wire::BrokerKey> broker(const model::BrokerKey& key);
  flatbuffers::Offset<wire::Endpoint> endpoint(const base::Endpoint& endpoint);

  // A vector of what `write` makes of each value; absent when empty.
  template <typename Offset, typename Values, typename Write>
  flatbuffers::Offset<flatbuffers::Vector<Offset>> list(const Values& values,
                                                        const Write& write) {
    if (values.empty()) return {};
    std::vector<Offset> offsets;
    offsets.reserve(values.size());
    for (const auto& value : values) offsets.push_back(write(value));
    return builder_.CreateVector(offsets);
  }

  // The payload, padded to a multiple of 8 with zeros.
  template <typename Table>
  std::string finish(flatbuffers::Offset<Table> root) {
    builder_.Finish(root);
    return take();
  }

 private:
  std::string take() const;

  flatbuffers::FlatBufferBuilder& builder_;
};

// Microseconds, rounded towards zero.
std::int64_t to_us(base::Duration duration);

wire::Digest to_wire(const model::Digest& digest);

flatbuffers::Offset<wire::Error> write_error(Writer& writer,
                                             const base::Error& error);

template <typename Enum>
requires std::is_enum_v<Enum>
constexpr std::uint8_t to_wire(Enum value) {
  return static_cast<std::uint8_t>(value);
}

// --- Reading ---

// The payload where the verifier may assume it: at a multiple of 8. Copies only
// when it is elsewhere.
class AlignedPayload {
 public:
  explicit AlignedPayload(Bytes payload);
  AlignedPayload(const AlignedPayload&) = delete;
  AlignedPayload& operator=(const AlignedPayload&) = delete;

  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }

  template <typename Table>
  const Table* verified_root(const DecodeLimits& limits) const {
    if (size_ < kSizeMin || size_ > kSizeMax) return nullptr;
    flatbuffers::Verifier verifier(data_, size_, verifier_options(limits));
    if (!verifier.VerifyBuffer<Table>(nullptr)) return nullptr;
    return flatbuffers::GetRoot<Table>(data_);
  }

 private:
  // A root offset and a table. The verifier counts in 32 bits with a sign.
  static constexpr std::size_t kSizeMin = 8;
  static constexpr std::size_t kSizeMax = std::size_t{1} << 30U;

  static flatbuffers::Verifier::Options verifier_options(
      const DecodeLimits& limits);

  std::vector<std::uint64_t> copy_;
  const std::uint8_t* data_;
  std::size_t size_;
};

// Counts what is copied out of one payload.
class DecodeBudget {
 public:
  DecodeBudget(std::size_t payload_bytes, const DecodeLimits& limits);

  [[nodiscard]] bool take_bytes(std::size_t bytes) {
    if (bytes > bytes_left_) return false;
    bytes_left_ -= bytes;
    return true;
  }
  [[nodiscard]] bool take_elements(std::size_t count) {
    if (count > elements_left_) return false;
    elements_left_ -= count;
    return true;
  }

 private:
  std::size_t bytes_left_;
  std::size_t elements_left_;
};

// Copies values out of a verified payload. After the first problem the error is
// set, and everything read is empty; the caller looks once, at the end.
class Reader {
 public:
  Reader(std::size_t payload_bytes, const DecodeLimits& limits)
      : budget_(payload_bytes, limits) {}

  bool failed() const { return failed_; }
  const base::Error& error() const { return error_; }
  void fail(base::ErrorCode code, std::string_view field, std::string_view why);

  std::string optional(const flatbuffers::String* text, std::string_view field);
  std::string required(const flatbuffers::String* text, std::string_view field);

  // Bytes that are no text; empty when absent.
  std::string bytes(const flatbuffers::Vector<std::uint8_t>* bytes,
                    std::string_view field);

  template <typename Name>
  Name name(const flatbuffers::String* text, std::string_view field) {
    return Name(required(text, field));
  }
  base::Endpoint endpoint(const wire::Endpoint* endpoint,
                          std::string_view field);
  model::BrokerKey broker(const wire::BrokerKey* broker,
                          std::string_view field);
  model::BrokerId broker_id(std::int64_t id, std::string_view field);
  base::Duration duration(std::int64_t us, std::string_view field);
  // Milliseconds since 1970, not before it and before the year 2200.
  base::WallTime wall_time(std::int64_t ms, std::string_view field);

  // An enumeration whose values are 0 to `largest`.
  template <typename Enum>
  Enum choice(std::uint8_t value, Enum largest, std::string_view field) {
    if (value <= static_cast<std::uint8_t>(largest)) return Enum{value};
    fail(base::ErrorCode::kInvalidArgument, field,
         "has the unknown value " + std::to_string(value));
    return Enum{};
  }
  model::ServerState state(std::uint8_t value) {
    return choice(value, model::ServerState::kPaused, "state");
  }

  // Reads each element with `read(element)`, which returns a Value.
  template <typename Value, typename Element, typename Read>
  std::vector<Value> list(const flatbuffers::Vector<Element>* elements,
                          std::string_view field, const Read& read) {
    std::vector<Value> values;
    if (elements == nullptr || failed_) return values;
    if (!is_aligned<Element>(elements->Data(), field)) return values;
    if (!take_list(elements->size(), sizeof(Value), field)) return values;
    values.reserve(elements->size());
    for (const auto* element : *elements) {
      values.push_back(read(*element));
      if (failed_) return {};
    }
    return values;
  }

  template <typename Number>
  std::vector<Number> numbers(const flatbuffers::Vector<Number>* elements,
                              std::string_view field) {
    if (elements == nullptr || failed_) return {};
    if (!is_aligned<Number>(elements->Data(), field)) return {};
    if (!take_list(elements->size(), sizeof(Number), field)) return {};
    return {elements->begin(), elements->end()};
  }

 private:
  // The verifier looks at where a vector begins, not at what its elements need.
  template <typename Element>
  bool is_aligned(const std::uint8_t* elements, std::string_view field) {
    using Stored = std::remove_cv_t<std::remove_pointer_t<Element>>;
    if (reinterpret_cast<std::uintptr_t>(elements) % alignof(Stored) == 0) {
      return true;
    }
    fail(base::ErrorCode::kMalformed, field, "has misaligned elements");
    return false;
  }
  bool take_list(std::size_t count, std::size_t element_bytes,
                 std::string_view field);

  DecodeBudget budget_;
  bool failed_ = false;
  base::Error error_;
};

model::Digest from_wire(const wire::Digest* digest);

base::Error read_error(const wire::Error* error, Reader& reader,
                       std::string_view field);

// "route query", for errors.
base::Error not_a_valid(std::string_view message_name);

// The whole of decode<Message>: verify as Table, then `read(table, reader)`.
template <typename Message, typename Table, typename Read>
base::Result<Message> decode_as(std::string_view message_name, Bytes payload,
                                const DecodeLimits& limits, const Read& read) {
  const AlignedPayload aligned(payload);
  const Table* table = aligned.verified_root<Table>(limits);
  if (table == nullptr) return tl::unexpected(not_a_valid(message_name));
  Reader reader(payload.size(), limits);
  Message message = read(*table, reader);
  if (reader.failed()) {
    return tl::unexpected(reader.error().with_context(message_name));
  }
  return message;
}

}  // namespace waypost::codec

#endif  // WAYPOST_WIRE_CODEC_PAYLOAD_H_

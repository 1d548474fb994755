#include "wire/codec/payload.h"

#include <algorithm>
#include <chrono>

#include "base/assert.h"

namespace waypost::codec {
namespace {

// No name and no reason needs more; a decoder of ours never holds one longer.
constexpr std::size_t kTextMaxBytes = 64 * 1024;

// What the fixed fields of the smallest message may take on top of the budget.
constexpr std::size_t kBytesAllowance = 1024;

// The deepest message nests four tables; verifying deeper ones is work for an
// attacker only.
constexpr flatbuffers::uoffset_t kDepthMax = 16;

// The largest value of the key-value configuration.
constexpr std::size_t kValueMaxBytes = 256 * 1024;

// Nanoseconds of 64 bits end in 2262.
constexpr std::int64_t kWallTimeMaxMs =
    std::int64_t{230} * 365 * 24 * 3'600'000;

constexpr std::int64_t kDurationMaxUs =
    std::chrono::microseconds(std::chrono::hours(24 * 365 * 10)).count();

// A builder that has grown beyond this for one message is freed after it.
constexpr std::size_t kBuilderKeptBytes = 1024 * 1024;

struct ThreadBuilder {
  flatbuffers::FlatBufferBuilder builder{4096};
  bool in_use = false;
};

ThreadBuilder& thread_builder() {
  thread_local ThreadBuilder instance;
  return instance;
}

}  // namespace

// --- Writing ---

Writer::Writer() : builder_(thread_builder().builder) {
  WAYPOST_ASSERT(!thread_builder().in_use);
  thread_builder().in_use = true;
}

Writer::~Writer() {
  if (builder_.GetSize() > kBuilderKeptBytes) {
    builder_.Reset();
  } else {
    builder_.Clear();
  }
  thread_builder().in_use = false;
}

flatbuffers::Offset<wire::BrokerKey> Writer::broker(
    const model::BrokerKey& key) {
  const auto name = required(key.broker_name.value());
  return wire::CreateBrokerKey(builder_, name, key.broker_id.value());
}

flatbuffers::Offset<wire::Endpoint> Writer::endpoint(
    const base::Endpoint& endpoint) {
  const auto host = required(endpoint.host);
  return wire::CreateEndpoint(builder_, host, endpoint.port);
}

flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> Writer::bytes(
    const std::string& bytes) {
  if (bytes.empty()) return {};
  return builder_.CreateVector(
      reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

std::string Writer::take() const {
  const std::size_t size = builder_.GetSize();
  std::string payload;
  payload.reserve((size + 7) / 8 * 8);
  payload.append(reinterpret_cast<const char*>(builder_.GetBufferPointer()),
                 size);
  payload.resize((size + 7) / 8 * 8, '\0');
  return payload;
}

std::int64_t to_us(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration)
      .count();
}

wire::Digest to_wire(const model::Digest& digest) {
  return {digest.low, digest.high};
}

flatbuffers::Offset<wire::Error> write_error(Writer& writer,
                                             const base::Error& error) {
  const auto message = writer.required(error.message);
  const auto advice = writer.optional(error.advice);
  return wire::CreateError(writer.builder(),
                           static_cast<std::uint16_t>(error.code), message,
                           advice);
}

// --- Reading ---

AlignedPayload::AlignedPayload(Bytes payload)
    : data_(reinterpret_cast<const std::uint8_t*>(payload.data())),
      size_(payload.size()) {
  if (reinterpret_cast<std::uintptr_t>(data_) % 8 == 0) return;
  copy_.resize((size_ + 7) / 8);
  std::memcpy(copy_.data(), data_, size_);
  data_ = reinterpret_cast<const std::uint8_t*>(copy_.data());
}

flatbuffers::Verifier::Options AlignedPayload::verifier_options(
    const DecodeLimits& limits) {
  flatbuffers::Verifier::Options options;
  options.max_depth = kDepthMax;
  // The root and the small tables in it are not what the limit is about.
  options.max_tables = static_cast<flatbuffers::uoffset_t>(
      std::min<std::size_t>(limits.elements_max, 1U << 30U) * 4 + 16);
  return options;
}

DecodeBudget::DecodeBudget(std::size_t payload_bytes,
                           const DecodeLimits& limits)
    : bytes_left_(payload_bytes * limits.expansion + kBytesAllowance),
      elements_left_(limits.elements_max) {}

void Reader::fail(base::ErrorCode code, std::string_view field,
                  std::string_view why) {
  if (failed_) return;
  failed_ = true;
  error_ = {code, "field '" + std::string(field) + "' " + std::string(why), {}};
}

std::string Reader::optional(const flatbuffers::String* text,
                             std::string_view field) {
  if (text == nullptr || failed_) return {};
  if (text->size() > kTextMaxBytes) {
    fail(base::ErrorCode::kTooLarge, field,
         "is longer than " + std::to_string(kTextMaxBytes) + " bytes");
    return {};
  }
  if (!budget_.take_bytes(text->size())) {
    fail(base::ErrorCode::kTooLarge, field,
         "makes the message unfold to far more than was sent");
    return {};
  }
  return {text->c_str(), text->size()};
}

std::string Reader::bytes(const flatbuffers::Vector<std::uint8_t>* bytes,
                          std::string_view field) {
  if (bytes == nullptr || failed_) return {};
  if (bytes->size() > kValueMaxBytes) {
    fail(base::ErrorCode::kTooLarge, field,
         "is longer than " + std::to_string(kValueMaxBytes) + " bytes");
    return {};
  }
  if (!budget_.take_bytes(bytes->size())) {
    fail(base::ErrorCode::kTooLarge, field,
         "makes the message unfold to far more than was sent");
    return {};
  }
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

std::string Reader::required(const flatbuffers::String* text,
                             std::string_view field) {
  if (text == nullptr) fail(base::ErrorCode::kMalformed, field, "is missing");
  return optional(text, field);
}

base::Endpoint Reader::endpoint(const wire::Endpoint* endpoint,
                                std::string_view field) {
  if (endpoint == nullptr) {
    fail(base::ErrorCode::kMalformed, field, "is missing");
    return {};
  }
  if (endpoint->port() == 0) {
    fail(base::ErrorCode::kInvalidArgument, field, "has no port");
  }
  return {required(endpoint->host(), field), endpoint->port()};
}

model::BrokerKey Reader::broker(const wire::BrokerKey* broker,
                                std::string_view field) {
  if (broker == nullptr) {
    fail(base::ErrorCode::kMalformed, field, "is missing");
    return {};
  }
  return {name<model::BrokerName>(broker->name(), field),
          broker_id(broker->id(), field)};
}

model::BrokerId Reader::broker_id(std::int64_t id, std::string_view field) {
  if (id < 0) {
    fail(base::ErrorCode::kInvalidArgument, field, "has a negative id");
  }
  return model::BrokerId(id);
}

base::Duration Reader::duration(std::int64_t us, std::string_view field) {
  if (us < 0 || us > kDurationMaxUs) {
    fail(base::ErrorCode::kInvalidArgument, field,
         "is negative or above ten years");
    return base::Duration{0};
  }
  return std::chrono::microseconds(us);
}

base::WallTime Reader::wall_time(std::int64_t ms, std::string_view field) {
  if (ms < 0 || ms > kWallTimeMaxMs) {
    fail(base::ErrorCode::kInvalidArgument, field,
         "is before 1970 or after the year 2199");
    return {};
  }
  return base::WallTime(std::chrono::milliseconds(ms));
}

bool Reader::take_list(std::size_t count, std::size_t element_bytes,
                       std::string_view field) {
  if (budget_.take_elements(count) &&
      budget_.take_bytes(count * element_bytes)) {
    return true;
  }
  fail(base::ErrorCode::kTooLarge, field,
       "has " + std::to_string(count) +
           " elements, more than its message may unfold to");
  return false;
}

model::Digest from_wire(const wire::Digest* digest) {
  if (digest == nullptr) return {};
  return {digest->low(), digest->high()};
}

// Any code but 0 is taken: what a newer peer calls an error is one.
base::Error read_error(const wire::Error* error, Reader& reader,
                       std::string_view field) {
  if (error == nullptr || error->code() == 0) {
    reader.fail(base::ErrorCode::kMalformed, field, "is missing");
    return {};
  }
  return {base::ErrorCode{error->code()},
          reader.required(error->message(), field),
          reader.optional(error->advice(), field)};
}

base::Error not_a_valid(std::string_view message_name) {
  return {base::ErrorCode::kMalformed,
          std::string(message_name) + ": the payload is not a valid FlatBuffer",
          {}};
}

}  // namespace waypost::codec

#ifndef WAYPOST_WIRE_CODEC_REMOTING_BODY_READER_H_
#define WAYPOST_WIRE_CODEC_REMOTING_BODY_READER_H_

// What the decoders of bodies share: a reader, and a budget for what they copy
// out of it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "wire/codec/remoting/json_reader.h"
#include "wire/model/remoting.h"

namespace waypost::remoting {

// Counts what lists and texts take. The smallest JSON element has two bytes and
// could unfold to a hundred.
class CopyBudget {
 public:
  // What a body may unfold to, as a multiple of its size.
  static constexpr std::size_t kExpansion = 4;
  // A list of short texts: a text that is four bytes in JSON takes 32.
  static constexpr std::size_t kListExpansion = 24;
  // On top, for short bodies, whose few values are larger than they are.
  static constexpr std::size_t kAllowance = 4096;

  explicit CopyBudget(std::size_t body_bytes,
                      std::size_t expansion = kExpansion)
      : left_(body_bytes * expansion + kAllowance) {}

  [[nodiscard]] bool take(std::size_t bytes) {
    if (bytes > left_) {
      left_ = 0;
      exceeded_ = true;
    } else {
      left_ -= bytes;
    }
    return !exceeded_;
  }
  bool exceeded() const { return exceeded_; }

  // Makes room for one more element; false when there is none. Counts what the
  // list takes from the allocator, not what is in use.
  template <typename Value>
  [[nodiscard]] bool grow(std::vector<Value>& values) {
    if (values.size() < values.capacity()) return true;
    const std::size_t more = values.capacity() + 1;
    if (!take(more * sizeof(Value))) return false;
    values.reserve(values.capacity() + more);
    return true;
  }

 private:
  std::size_t left_;
  bool exceeded_ = false;
};

class BodyReader {
 public:
  // Both must outlive the reader.
  BodyReader(std::string_view body, CopyBudget& budget)
      : json(body), budget_(budget) {}

  JsonReader json;

  // As JsonReader::read, within the budget.
  bool copy(std::string& text) {
    std::string_view view;
    if (!json.read(view)) return false;
    return copy(view, text);
  }
  bool copy(std::string_view view, std::string& text) {
    if (!take(view.size())) return false;
    text.assign(view);
    return true;
  }

  // One more element; null, and the reader has failed, beyond the budget.
  template <typename Value>
  Value* add(std::vector<Value>& values) {
    if (budget_.grow(values)) return &values.emplace_back();
    json.fail(kTooMuch);
    return nullptr;
  }

  // Calls `each(key)` for every member of the object at hand, if it is one and
  // not null; `each` reads or skips the value.
  template <typename Each>
  void members(const Each& each) {
    std::string_view key;
    if (!json.enter_object()) return;
    while (json.next_member(key)) each(key);
  }
  template <typename Each>
  void elements(const Each& each) {
    if (!json.enter_array()) return;
    while (json.next_element()) each();
  }

  void texts(std::vector<std::string>& values) {
    values.clear();
    elements([&] {
      std::string* value = add(values);
      if (value != nullptr && !copy(*value)) values.pop_back();
    });
  }

  // Whether all of it was read; `what` names the body in the error.
  base::Status finish(std::string_view what) {
    auto end = json.finish();
    if (budget_.exceeded()) {
      return base::fail(
          base::ErrorCode::kTooLarge,
          std::string(what) + ": it unfolds to far more than was sent");
    }
    if (!end) return tl::unexpected(end.error().with_context(what));
    return {};
  }

 private:
  static constexpr std::string_view kTooMuch =
      "it unfolds to far more than was sent";

  bool take(std::size_t bytes) {
    if (budget_.take(bytes)) return true;
    json.fail(kTooMuch);
    return false;
  }

  CopyBudget& budget_;
};

void read_data_version(BodyReader& reader, model::DataVersion& version);

// A TopicQueueMappingInfo. Whether the object was one and not null.
bool read_mapping(BodyReader& reader, model::StaticTopicMapping& mapping);

}  // namespace waypost::remoting

#endif  // WAYPOST_WIRE_CODEC_REMOTING_BODY_READER_H_

#ifndef WAYPOST_BASE_NAMED_TYPE_H_
#define WAYPOST_BASE_NAMED_TYPE_H_

#include <compare>
#include <cstddef>
#include <functional>
#include <utility>

namespace waypost::base {

// A value with a type of its own, so that a broker id cannot stand for a queue
// id: `using BrokerId = NamedType<std::int64_t, struct BrokerIdTag>`.
template <typename T, typename Tag>
class NamedType {
 public:
  using ValueType = T;

  constexpr NamedType() = default;
  constexpr explicit NamedType(T value) : value_(std::move(value)) {}

  constexpr const T& value() const { return value_; }

  friend constexpr bool operator==(const NamedType&,
                                   const NamedType&) = default;
  // Not defaulted: clang-tidy 14 sees a 0 that should be nullptr in that.
  friend constexpr auto operator<=>(const NamedType& a, const NamedType& b) {
    return a.value_ <=> b.value_;
  }

 private:
  T value_{};
};

}  // namespace waypost::base

template <typename T, typename Tag>
struct std::hash<waypost::base::NamedType<T, Tag>> {
  std::size_t operator()(
      const waypost::base::NamedType<T, Tag>& name) const noexcept {
    return std::hash<T>{}(name.value());
  }
};

#endif  // WAYPOST_BASE_NAMED_TYPE_H_

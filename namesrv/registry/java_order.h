#ifndef WAYPOST_NAMESRV_REGISTRY_JAVA_ORDER_H_
#define WAYPOST_NAMESRV_REGISTRY_JAVA_ORDER_H_

// The order in which java.util.HashMap iterates, for the few answers in which
// the Java server lets it decide ("the first broker").

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace waypost::registry {

// String.hashCode() of the UTF-8 text: over its UTF-16 code units, what is not
// UTF-8 taken for U+FFFD.
std::int32_t java_string_hash(std::string_view text);

// Slots of a HashMap of `size` entries that was made with `initial` slots (a
// power of two; new HashMap() has 16) and never had more entries.
std::size_t java_map_slots(std::size_t size, std::size_t initial = 16);

// Entries come by this, and in one slot by their age, which nobody knows: by
// name, then.
std::size_t java_map_slot(std::int32_t hash, std::size_t slots);

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_JAVA_ORDER_H_

#ifndef WAYPOST_NAMESRV_REGISTRY_PARTS_H_
#define WAYPOST_NAMESRV_REGISTRY_PARTS_H_

// The first registration of a million topics takes the registry's thread more
// than a second: meanwhile nobody else would be heard. So the service hands a
// registration that changes many topics to the registry in parts, with other
// work between them, and then as a whole.
//
// A part adds and changes its topics, whatever data versions say. What goes,
// what is said of the broker's content, and what peers are told are the
// whole's, which finds most of its work done: without it the table is that of a
// broker that has registered some of its topics. The first part is refused for
// the same reasons as the whole, but for the limit of topics.
// (Rejected: to keep what is left to do in the registry, as Sweep does. Every
// later event about that broker would have to know of it.)

#include <cstddef>

#include "namesrv/registry/events.h"

namespace waypost::registry {

// Some ten milliseconds' worth.
inline constexpr std::size_t kTopicsPerPart = 16'384;

// The topics [first, first + kTopicsPerPart) of a prepared registration, which
// is as before afterwards.
Register part_of(Register& whole, std::size_t first);

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_PARTS_H_

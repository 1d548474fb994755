#ifndef WAYPOST_TESTS_HOSTILE_HOSTILE_BYTES_H_
#define WAYPOST_TESTS_HOSTILE_HOSTILE_BYTES_H_

#include <cstddef>
#include <string>

#include "base/random.h"

namespace waypost::hostile {

std::string random_bytes(base::Random& random, std::size_t size);

// `bytes` with one to eight changes of the kinds that break parsers: flipped
// bits, lengths and offsets made huge, negative, zero or slightly wrong, pieces
// cut out, doubled or moved.
std::string mutated(base::Random& random, std::string bytes);

// Payloads that verify as FlatBuffers and are small, but whose parts refer to
// the same place again and again, so that a copy of them would be large.

// A registration that removes one topic with a name of `name_bytes`, `times`
// times.
std::string repeated_string_bomb(std::size_t times, std::size_t name_bytes);
// A registration with one topic, `times` times.
std::string repeated_table_bomb(std::size_t times);
// A query for one topic, `times` times.
std::string repeated_query_bomb(std::size_t times);

}  // namespace waypost::hostile

#endif  // WAYPOST_TESTS_HOSTILE_HOSTILE_BYTES_H_

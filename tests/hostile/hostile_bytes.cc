#include "tests/hostile/hostile_bytes.h"

#include <array>
#include <cstring>
#include <vector>

#include <flatbuffers/flatbuffers.h>

namespace waypost::hostile {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::String;

constexpr std::array<std::uint32_t, 14> kInteresting = {
    0,          1,          4,          7,          8,
    0x7f,       0xff,       0xffff,     0x00ffffff, 0x7fffffff,
    0x80000000, 0xfffffffe, 0xffffffff, 0x40000000};

void change(base::Random& random, std::string& bytes) {
  const auto at = [&] { return random.below(bytes.size()); };
  switch (random.below(7)) {
    case 0:
      bytes[at()] ^= static_cast<char>(1U << random.below(8));
      return;
    case 1:
      bytes[at()] = static_cast<char>(random.next());
      return;
    case 2:
    case 3: {  // a length or an offset: four bytes, mostly aligned
      if (bytes.size() < 4) return;
      const std::size_t place = random.below(bytes.size() - 3);
      const std::size_t aligned = random.chance(0.8) ? place / 4 * 4 : place;
      std::uint32_t value = kInteresting[random.below(kInteresting.size())];
      if (random.chance(0.3)) {
        std::memcpy(&value, bytes.data() + aligned, 4);
        value += static_cast<std::uint32_t>(random.below(17)) - 8;
      }
      std::memcpy(bytes.data() + aligned, &value, 4);
      return;
    }
    case 4:
      bytes.resize(1 + random.below(bytes.size()));
      return;
    case 5: {  // a piece appears twice
      const std::size_t from = at();
      bytes.insert(at(), bytes.substr(from, random.below(64)));
      return;
    }
    default: {  // a piece over another
      const std::size_t from = at();
      const std::size_t to = at();
      const std::size_t size =
          std::min(random.below(64), bytes.size() - std::max(from, to));
      std::memmove(bytes.data() + to, bytes.data() + from, size);
      return;
    }
  }
}

std::string finish(FlatBufferBuilder& builder, flatbuffers::uoffset_t root) {
  builder.Finish(Offset<flatbuffers::Table>(root));
  std::string payload(reinterpret_cast<const char*>(builder.GetBufferPointer()),
                      builder.GetSize());
  payload.resize((payload.size() + 7) / 8 * 8, '\0');
  return payload;
}

// The place of a table's field by its number in native.fbs.
constexpr flatbuffers::voffset_t field(int number) {
  return static_cast<flatbuffers::voffset_t>(4 + 2 * number);
}

// Field 0 is a name, in every table used here.
flatbuffers::uoffset_t named_table(FlatBufferBuilder& builder,
                                   const char* name) {
  const auto text = builder.CreateString(name);
  const auto start = builder.StartTable();
  builder.AddOffset(field(0), text);
  return builder.EndTable(start);
}

// A registration whose field `number` is `list`.
template <typename List>
std::string registration_with(FlatBufferBuilder& builder, int number,
                              List list) {
  const auto cluster = builder.CreateString("c");
  const auto broker = named_table(builder, "bomber");
  const auto host = builder.CreateString("10.0.0.1");
  const auto endpoint_start = builder.StartTable();
  builder.AddOffset(field(0), host);
  builder.AddElement<std::uint16_t>(field(1), 1000, 0);
  const auto endpoint = builder.EndTable(endpoint_start);
  const auto start = builder.StartTable();
  builder.AddOffset(field(0), cluster);
  builder.AddOffset(field(1), Offset<flatbuffers::Table>(broker));
  builder.AddOffset(field(2), Offset<flatbuffers::Table>(endpoint));
  builder.AddElement<std::uint64_t>(field(4), 1, 0);
  builder.AddOffset(field(number), list);
  return finish(builder, builder.EndTable(start));
}

}  // namespace

std::string random_bytes(base::Random& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (auto& each : bytes) each = static_cast<char>(random.next());
  return bytes;
}

std::string mutated(base::Random& random, std::string bytes) {
  const std::uint64_t changes = 1 + random.below(8);
  for (std::uint64_t i = 0; i < changes && !bytes.empty(); ++i) {
    change(random, bytes);
  }
  return bytes;
}

std::string repeated_string_bomb(std::size_t times, std::size_t name_bytes) {
  FlatBufferBuilder builder;
  const auto name = builder.CreateString(std::string(name_bytes, 'n'));
  const std::vector<Offset<String>> all(times, name);
  return registration_with(builder, 7, builder.CreateVector(all));
}

std::string repeated_table_bomb(std::size_t times) {
  FlatBufferBuilder builder;
  const Offset<flatbuffers::Table> topic(named_table(builder, "topic"));
  const std::vector<Offset<flatbuffers::Table>> all(times, topic);
  return registration_with(builder, 6, builder.CreateVector(all));
}

std::string repeated_query_bomb(std::size_t times) {
  FlatBufferBuilder builder;
  const Offset<flatbuffers::Table> item(named_table(builder, "topic"));
  const std::vector<Offset<flatbuffers::Table>> all(times, item);
  const auto list = builder.CreateVector(all);
  const auto start = builder.StartTable();
  builder.AddOffset(field(0), list);
  return finish(builder, builder.EndTable(start));
}

}  // namespace waypost::hostile

#include "wire/transport/input_buffer.h"

#include <string>

#include "tests/wire/transport/fixtures.h"

namespace waypost::transport::test {

TEST_CASE("held input keeps its order through appending and consuming") {
  InputBuffer buffer(1 << 20, nullptr);
  REQUIRE(buffer.append(bytes_of("abc")));
  REQUIRE(buffer.append(bytes_of("defgh")));
  buffer.consume(2);
  CHECK(text_of(buffer.bytes()) == "cdefgh");
  REQUIRE(buffer.assign(bytes_of("xyz")));
  CHECK(text_of(buffer.bytes()) == "xyz");
  REQUIRE(buffer.make_room());
  REQUIRE(buffer.room().size() >= InputBuffer::kRoomMin);
  buffer.room()[0] = std::byte{'!'};
  buffer.commit(1);
  CHECK(text_of(buffer.bytes()) == "xyz!");
}

TEST_CASE("an empty buffer holds no memory and owes the budget nothing") {
  base::ByteBudget budget(1 << 20);
  InputBuffer buffer(1 << 20, &budget);
  REQUIRE(buffer.append(bytes_of(std::string(1000, 'a'))));
  CHECK(budget.used() == buffer.capacity());
  CHECK(budget.used() >= 1000);
  buffer.consume(1000);
  CHECK(buffer.capacity() == 0);
  CHECK(budget.used() == 0);
}

TEST_CASE("memory follows what has arrived and never runs far ahead of it") {
  base::ByteBudget budget(1 << 30);
  InputBuffer buffer(16 << 20, &budget);
  const std::string piece(3000, 'p');
  while (buffer.size() < (16U << 20U) - piece.size()) {
    REQUIRE(buffer.make_room());
    REQUIRE(buffer.append(bytes_of(piece)));
    REQUIRE(buffer.capacity() <= 2 * buffer.size() + 2 * InputBuffer::kRoomMin);
    REQUIRE(buffer.capacity() <= (16U << 20U) + InputBuffer::kRoomMin);
    REQUIRE(budget.used() == buffer.capacity());
  }
  buffer.consume(buffer.size() - 100);
  CHECK(buffer.size() == 100);
  CHECK(buffer.capacity() < 1000);
  CHECK(budget.used() == buffer.capacity());
}

TEST_CASE("an exhausted budget refuses growth and is not charged for it") {
  base::ByteBudget budget(10'000);
  InputBuffer buffer(1 << 20, &budget);
  REQUIRE(buffer.append(bytes_of(std::string(6000, 'a'))));
  const std::size_t used = budget.used();
  CHECK_FALSE(buffer.append(bytes_of(std::string(6000, 'b'))));
  CHECK_FALSE(buffer.make_room());
  CHECK(budget.used() == used);
  CHECK(buffer.size() == 6000);
  buffer.clear();
  CHECK(budget.used() == 0);
}

TEST_CASE("a moved-from buffer is empty and its charge goes along") {
  base::ByteBudget budget(10'000);
  InputBuffer from(1 << 20, &budget);
  REQUIRE(from.append(bytes_of("abc")));
  const std::size_t used = budget.used();
  {
    const InputBuffer to = std::move(from);
    CHECK(text_of(to.bytes()) == "abc");
    CHECK(from.empty());
    CHECK(budget.used() == used);
  }
  CHECK(budget.used() == 0);
}

}  // namespace waypost::transport::test

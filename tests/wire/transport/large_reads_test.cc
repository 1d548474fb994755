#include "wire/transport/large_reads.h"

#include <string>

#include <doctest/doctest.h>

#include "tests/support/sim/sim_world.h"

namespace waypost::transport {
namespace {

using std::chrono::milliseconds;

// Reads 64 KB whenever it may, and says so.
class GreedyReader : public LargeReads::Reader {
 public:
  GreedyReader(char name, LargeReads& reads, std::string& log)
      : name_(name), reads_(reads), log_(log) {}
  ~GreedyReader() override { reads_.forget(*this); }

  void read_on() override {
    const std::size_t before = log_.size();
    while (reads_.share() > 0) {
      reads_.take(LargeReads::kShareBytes / 4);
      log_ += name_;
    }
    reads_.hold(*this, log_.size() > before);
  }

 private:
  const char name_;
  LargeReads& reads_;
  std::string& log_;
};

struct World {
  sim::SimWorld world;
  LargeReads reads{world.add_node("n", "10.0.0.1").executor()};
  std::string log;
};

TEST_CASE("a share in each period, and those first who had nothing") {
  World world;
  GreedyReader a('a', world.reads, world.log);
  GreedyReader b('b', world.reads, world.log);
  a.read_on();
  b.read_on();
  CHECK(world.log == "aaaa");
  world.world.run_for(milliseconds(1));
  CHECK(world.log == "aaaabbbb");
  world.world.run_for(milliseconds(1));
  CHECK(world.log == "aaaabbbbaaaa");
  world.world.run_for(milliseconds(10));
  CHECK(world.log.size() == 13 * 4);
}

TEST_CASE("what is not used is not saved up") {
  World world;
  GreedyReader a('a', world.reads, world.log);
  world.world.run_for(std::chrono::seconds(5));
  a.read_on();
  CHECK(world.log == "aaaa");
}

TEST_CASE("who is forgotten is not called") {
  World world;
  {
    GreedyReader a('a', world.reads, world.log);
    a.read_on();
  }
  world.world.run_for(milliseconds(10));
  CHECK(world.log == "aaaa");
}

}  // namespace
}  // namespace waypost::transport

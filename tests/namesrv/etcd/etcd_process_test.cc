// The lease against the real etcd.
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "namesrv/etcd/etcd_lease.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"
#include "wire/transport/loop.h"

namespace waypost::etcd {
namespace {

using namespace std::chrono_literals;
using support::scaled;

bool run_until(transport::Loop& loop, base::Duration limit,
               const std::function<bool()>& done) {
  std::unique_ptr<base::Timer> look;
  const base::Instant end = loop.now() + limit;
  std::function<void()> turn = [&] {
    if (done() || loop.now() >= end) return loop.stop();
    look = loop.run_after(5ms, turn);
  };
  look = loop.run_after(0ms, turn);
  loop.run();
  return done();
}

// One member on free ports, with its data in a directory that goes with it.
class RealEtcd {
 public:
  explicit RealEtcd(const std::string& program)
      : endpoint{"127.0.0.1", support::unused_port()} {
    const std::string client = "http://" + endpoint.to_string();
    const std::string peer =
        "http://127.0.0.1:" + std::to_string(support::unused_port());
    arguments_ = {program, "--data-dir", directory_ / "data",
                  "--listen-client-urls", client, "--advertise-client-urls",
                  client, "--listen-peer-urls", peer,
                  "--initial-advertise-peer-urls", peer, "--initial-cluster",
                  "default=" + peer,
                  // Nothing here outlives the test.
                  "--unsafe-no-fsync"};
    process = std::make_unique<support::Process>(arguments_);
  }

  const base::Endpoint endpoint;
  std::unique_ptr<support::Process> process;

 private:
  support::TempDir directory_;
  std::vector<std::string> arguments_;
};

struct Side {
  Side(transport::Loop& loop, const base::Endpoint& etcd,
       const std::string& owner) {
    EtcdLeaseSettings settings;
    // One at which nobody is goes first.
    settings.endpoints = {{"127.0.0.1", support::unused_port()}, etcd};
    settings.key = "waypost/lease/race";
    settings.owner = owner;
    settings.ttl = 6s;
    settings.keepalive_interval = 200ms;
    settings.operation_timeout = 2s;
    lease = std::make_unique<EtcdLease>(
        loop, loop.network(), [&loop] { return loop.boot_time(); }, settings,
        base::Logger{});
  }
  void acquire() {
    answer.reset();
    lease->acquire([this](bool held) { answer = held; });
  }
  std::unique_ptr<EtcdLease> lease;
  std::optional<bool> answer;
};

TEST_CASE("two sides race for one lease in a real etcd, which then stops") {
  const std::string program = support::system_executable("etcd");
  if (program.empty()) {
    MESSAGE("skipped: etcd is not installed (Debian: etcd-server)");
    return;
  }
  const auto loop = transport::Loop::create();
  RealEtcd etcd(program);
  Side one(*loop, etcd.endpoint, "one/1");
  Side two(*loop, etcd.endpoint, "two/1");
  const auto both = [&] {
    one.acquire();
    two.acquire();
    return run_until(*loop, scaled(10s),
                     [&] { return one.answer && two.answer; });
  };
  // While it comes up, everybody is told no.
  bool somebody = false;
  for (const support::Stopwatch watch;
       !somebody && watch.elapsed() < scaled(20s);) {
    REQUIRE(both());
    somebody = *one.answer || *two.answer;
    run_until(*loop, 20ms, [] { return false; });
  }
  REQUIRE_MESSAGE(somebody, etcd.process->transcript());
  CHECK(*one.answer != *two.answer);
  Side& winner = *one.answer ? one : two;
  Side& loser = *one.answer ? two : one;

  // Back and forth; never both.
  for (int round = 0; round < 5; ++round) {
    REQUIRE(both());
    CHECK(*winner.answer);
    CHECK_FALSE(*loser.answer);
  }
  winner.answer.reset();
  winner.lease->release([&](bool released) { winner.answer = released; });
  REQUIRE(run_until(*loop, scaled(10s), [&] { return !!winner.answer; }));
  CHECK(*winner.answer);
  loser.acquire();
  REQUIRE(run_until(*loop, scaled(10s), [&] { return !!loser.answer; }));
  CHECK(*loser.answer);

  // Stopped, it accepts and does not answer: no answer is a no. Who has the
  // lease keeps it for as long as nobody else can get it.
  etcd.process->stop();
  winner.acquire();
  REQUIRE(run_until(*loop, scaled(10s), [&] { return !!winner.answer; }));
  CHECK_FALSE(*winner.answer);
  CHECK(loser.lease->held());
  etcd.process->resume();
  run_until(*loop, 600ms, [] { return false; });
  CHECK(loser.lease->held());

  // Gone for good: it lapses.
  etcd.process->kill();
  CHECK(
      run_until(*loop, 7s + scaled(1s), [&] { return !loser.lease->held(); }));
  winner.acquire();
  REQUIRE(run_until(*loop, scaled(10s), [&] { return !!winner.answer; }));
  CHECK_FALSE(*winner.answer);
}

}  // namespace
}  // namespace waypost::etcd

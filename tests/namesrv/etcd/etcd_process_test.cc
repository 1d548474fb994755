// The lease against the real etcd.
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "namesrv/etcd/etcd_lease.h"
#include "tests/support/certificates.h"
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
  explicit RealEtcd(const std::string& program,
                    const std::vector<std::string>& more = {})
      : endpoint{"127.0.0.1", support::unused_port()} {
    const std::string client =
        (more.empty() ? "http://" : "https://") + endpoint.to_string();
    const std::string peer =
        "http://127.0.0.1:" + std::to_string(support::unused_port());
    arguments_ = {program, "--data-dir", directory_ / "data",
                  "--listen-client-urls", client, "--advertise-client-urls",
                  client, "--listen-peer-urls", peer,
                  "--initial-advertise-peer-urls", peer, "--initial-cluster",
                  "default=" + peer,
                  // Nothing here outlives the test.
                  "--unsafe-no-fsync"};
    arguments_.insert(arguments_.end(), more.begin(), more.end());
    start();
  }
  // Again with the same data, after a kill.
  void start() { process = std::make_unique<support::Process>(arguments_); }

  const base::Endpoint endpoint;
  std::unique_ptr<support::Process> process;

 private:
  support::TempDir directory_;
  std::vector<std::string> arguments_;
};

struct Side {
  Side(transport::Loop& loop, const base::Endpoint& etcd,
       const std::string& owner, EtcdUser user = {}, base::Duration within = 3s,
       std::shared_ptr<const transport::TlsContext> tls = nullptr) {
    EtcdLeaseSettings settings;
    // One at which nobody is goes first.
    settings.servers.endpoints = {{"127.0.0.1", support::unused_port()}, etcd};
    settings.servers.tls = std::move(tls);
    settings.key = "waypost/lease/race";
    settings.owner = owner;
    settings.user = std::move(user);
    settings.ttl = 12s;
    settings.keepalive_interval = 200ms;
    settings.operation_timeout = within;
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
       !somebody && watch.elapsed() < scaled(30s);) {
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
      run_until(*loop, 13s + scaled(2s), [&] { return !loser.lease->held(); }));
  winner.acquire();
  REQUIRE(run_until(*loop, scaled(10s), [&] { return !!winner.answer; }));
  CHECK_FALSE(*winner.answer);
}

// What an operator does with etcdctl.
class Operator {
 public:
  Operator(transport::Loop& loop, const base::Endpoint& etcd)
      : loop_(loop), client_(loop, loop.network(), {{etcd}, nullptr}) {}

  bool says(const std::string& path, const std::string& body) {
    std::optional<int> status;
    const auto call = client_.post({"/v3/auth/" + path, body, {}}, scaled(5s),
                                   [&](base::Result<HttpResponse> response) {
                                     status = response ? response->status : 0;
                                   });
    run_until(loop_, scaled(10s), [&] { return status.has_value(); });
    return status == 200;
  }
  // The user "waypost", who may use keys below waypost/lease/.
  bool makes_user(const std::string& password) {
    return says("user/add", R"({"name":"root","password":"r"})") &&
           says("role/add", R"({"name":"root"})") &&
           says("user/grant", R"({"user":"root","role":"root"})") &&
           says("user/add",
                R"({"name":"waypost","password":")" + password + R"("})") &&
           says("role/add", R"({"name":"leases"})") &&
           says("role/grant",
                R"({"name":"leases","perm":{"permType":"READWRITE","key":")" +
                    base64("waypost/lease/") + R"(","range_end":")" +
                    base64("waypost/lease0") + R"("}})") &&
           says("user/grant", R"({"user":"waypost","role":"leases"})") &&
           says("enable", "{}");
  }

 private:
  transport::Loop& loop_;
  EtcdClient client_;
};

TEST_CASE("a real etcd with users: who they are, and who has the lease") {
  const std::string program = support::system_executable("etcd");
  if (program.empty()) {
    MESSAGE("skipped: etcd is not installed (Debian: etcd-server)");
    return;
  }
  const auto loop = transport::Loop::create();
  RealEtcd etcd(program);
  // Answers are waited for: here time proves nothing.
  const base::Duration within = scaled(20s);
  Side us(*loop, etcd.endpoint, "us/1", {"waypost", "right"}, within);
  const auto wins = [&](Side& side) {
    side.acquire();
    REQUIRE(run_until(*loop, 2 * within, [&] { return !!side.answer; }));
    return *side.answer;
  };
  // Not before etcd is up.
  const auto comes_to_win = [&] {
    for (const support::Stopwatch watch; watch.elapsed() < scaled(20s);) {
      if (wins(us)) return true;
      run_until(*loop, 20ms, [] { return false; });
    }
    return false;
  };
  REQUIRE_MESSAGE(comes_to_win(), etcd.process->transcript());
  us.answer.reset();
  us.lease->release([&](bool released) { us.answer = released; });
  REQUIRE(run_until(*loop, 2 * within, [&] { return !!us.answer; }));
  Operator root(*loop, etcd.endpoint);
  REQUIRE(root.makes_user("right"));

  Side nobody(*loop, etcd.endpoint, "nobody/1", {}, within);
  Side wrong(*loop, etcd.endpoint, "wrong/1", {"waypost", "wrong"}, within);
  for (Side* each : {&nobody, &wrong}) {
    CHECK_FALSE(wins(*each));
    each->lease->watch_access();
    CHECK(run_until(*loop, 2 * within,
                    [&] { return !each->lease->trouble().empty(); }));
  }
  CHECK(nobody.lease->trouble().find("etcd-user") != std::string::npos);
  CHECK(wrong.lease->trouble().find("etcd-password-file") != std::string::npos);
  us.lease->watch_access();
  CHECK(wins(us));
  CHECK(us.lease->trouble().empty());

  // The token dies with the process that gave it; the lease does not.
  etcd.process->kill();
  etcd.start();
  bool given_back = false;
  for (const support::Stopwatch watch;
       !given_back && watch.elapsed() < scaled(20s);) {
    us.answer.reset();
    us.lease->release([&](bool released) { us.answer = released; });
    REQUIRE(run_until(*loop, 2 * within, [&] { return !!us.answer; }));
    given_back = *us.answer;
    run_until(*loop, 20ms, [] { return false; });
  }
  CHECK_MESSAGE(given_back, etcd.process->transcript());
  CHECK(wins(us));
}

TEST_CASE("a real etcd with TLS on both sides") {
  const std::string program = support::system_executable("etcd");
  if (program.empty()) {
    MESSAGE("skipped: etcd is not installed (Debian: etcd-server)");
    return;
  }
  support::TempDir directory;
  const auto file = [&](const char* name, const std::string& text) {
    support::write_file(directory / name, text);
    return directory / name;
  };
  const support::Authority authority("test");
  const auto theirs = authority.issue("IP:127.0.0.1");
  const auto ours = authority.issue("DNS:ns-1");
  const std::string ca = file("ca.pem", authority.certificate());
  const transport::TlsFiles files{ca, file("us.pem", ours.certificate),
                                  file("us-key.pem", ours.key)};
  const auto context = [](const transport::TlsFiles& with) {
    return transport::TlsContext::for_clients(with).value();
  };
  RealEtcd etcd(program, {"--cert-file", file("etcd.pem", theirs.certificate),
                          "--key-file", file("etcd-key.pem", theirs.key),
                          "--trusted-ca-file", ca, "--client-cert-auth"});
  const auto loop = transport::Loop::create();
  const base::Duration within = scaled(20s);
  Side us(*loop, etcd.endpoint, "us/1", {}, within, context(files));
  const auto wins = [&](Side& side) {
    side.acquire();
    REQUIRE(run_until(*loop, 2 * within, [&] { return !!side.answer; }));
    return *side.answer;
  };
  bool ours_now = false;
  for (const support::Stopwatch watch;
       !ours_now && watch.elapsed() < scaled(20s);) {
    ours_now = wins(us);
    run_until(*loop, 20ms, [] { return false; });
  }
  CHECK_MESSAGE(ours_now, etcd.process->transcript());

  Side stranger(*loop, etcd.endpoint, "stranger/1", {}, within,
                context({ca, {}, {}}));
  Side distrustful(
      *loop, etcd.endpoint, "distrustful/1", {}, within,
      context({file("other.pem", support::Authority("other").certificate()),
               files.certificate, files.key}));
  Side plain(*loop, etcd.endpoint, "plain/1", {}, within);
  for (Side* each : {&stranger, &distrustful, &plain}) {
    CHECK_FALSE(wins(*each));
    each->lease->watch_access();
    CHECK(run_until(*loop, 2 * within,
                    [&] { return !each->lease->trouble().empty(); }));
  }
  CHECK(stranger.lease->trouble().find("refused TLS") != std::string::npos);
  CHECK(distrustful.lease->trouble().find("not accepted") != std::string::npos);
  INFO(plain.lease->trouble());
  CHECK(plain.lease->trouble().find("https://") != std::string::npos);
}

}  // namespace
}  // namespace waypost::etcd

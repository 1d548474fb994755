#include "broker_agent/core/observation.h"

#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace waypost::agent {
namespace {

using namespace std::chrono_literals;
using base::ErrorCode;

const model::ObservedBroker kBrokerA{
    model::ClusterName("c"), {model::BrokerName("broker-a"), model::kMasterId}};
const model::ObservedBroker kBrokerB{
    model::ClusterName("c"), {model::BrokerName("broker-b"), model::kMasterId}};

ObservationSettings make_settings(std::size_t nameservers) {
  ObservationSettings settings;
  settings.address = {"10.0.0.5", 10911};
  settings.nameserver_count = nameservers;
  settings.seed = 1;
  return settings;
}

// Plays an Observation on a virtual clock and writes down what it wants, one
// line for each effect, with its time in milliseconds.
class Transcript {
 public:
  explicit Transcript(ObservationSettings settings)
      : core(std::move(settings)) {
    send(Tick{});
  }

  void send(const Event& event) {
    for (const Effect& effect : core.step(event, now_)) {
      std::visit([this](const auto& each) { write(each); }, effect);
    }
  }
  void run_until_ms(std::int64_t until_ms) {
    const base::Instant until{std::chrono::milliseconds(until_ms)};
    while (core.next_wakeup() <= until) {
      now_ = std::max(now_, core.next_wakeup());
      send(Tick{});
    }
    now_ = until;
  }
  std::string take() {
    std::string text = log_.str();
    log_.str("");
    return text;
  }

  // Short hands for events.
  void health(bool healthy) {
    send(HealthChanged{{healthy, healthy ? "" : "rocketmq: no answer"}});
  }
  void connected(std::size_t ns, std::uint64_t incarnation = 100) {
    model::HelloReply hello;
    hello.incarnation = model::Incarnation(incarnation);
    send(Connected{links_.at(ns), hello});
  }
  void found(std::size_t ns, std::vector<model::ObservedBroker> brokers) {
    send(ObserveDone{links_.at(ns), model::ObserveReply{std::move(brokers)}});
  }
  void failed(std::size_t ns, ErrorCode code) {
    send(ObserveDone{links_.at(ns),
                     tl::unexpected(base::Error{code, "no", {}})});
  }
  // Answers every verdict at once from now on.
  void answer_with(std::vector<model::ObservedBroker> brokers) {
    answers_ = true;
    brokers_ = std::move(brokers);
  }

  Observation core;
  std::vector<model::ObserveRequest> sent;
  std::vector<std::int64_t> sent_ms;

 private:
  std::int64_t now_ms() const { return base::to_ms(now_.time_since_epoch()); }
  std::ostream& line(const Link& link) {
    const std::size_t ns = link.nameserver.value();
    if (links_.size() <= ns) links_.resize(ns + 1);
    links_[ns] = link;
    return log_ << now_ms() << " ns" << ns << ' ';
  }
  void write(const Connect& effect) { line(effect.link) << "connect\n"; }
  void write(const Disconnect& effect) { line(effect.link) << "disconnect\n"; }
  void write(const SendObserve& effect) {
    sent.push_back(effect.request);
    sent_ms.push_back(now_ms());
    if (answers_) {
      const Link link = effect.link;
      return send(ObserveDone{link, model::ObserveReply{brokers_}});
    }
    line(effect.link) << (effect.request.healthy ? "healthy" : "UNHEALTHY")
                      << '\n';
  }
  void write(const Note& note) {
    const auto say = [&](const char* what) {
      log_ << now_ms() << " ! " << what << ": " << note.detail << '\n';
    };
    switch (note.what) {
      case Note::What::kObserves:
        return say("observes");
      case Note::What::kNobodyThere:
        return say("nobody there");
      case Note::What::kVerdictSent:
        return say("told");
      case Note::What::kVerdictRefused:
        return say("refused");
      case Note::What::kNameserverHung:
        return say("hung");
      case Note::What::kRestarted:
        return say("restarted");
      default:
        return;
    }
  }
  void write(const Finished&) { log_ << now_ms() << " finished\n"; }
  template <typename Other>
  void write(const Other&) {
    FAIL("an observer registers nothing");
  }

  base::Instant now_{};
  std::ostringstream log_;
  std::vector<Link> links_;
  bool answers_ = false;
  std::vector<model::ObservedBroker> brokers_;
};

TEST_CASE("nothing is said before the probes have said something") {
  Transcript t(make_settings(2));
  CHECK(t.take() == "0 ns0 connect\n0 ns1 connect\n");
  t.connected(0);
  t.connected(1);
  t.run_until_ms(10'000);
  CHECK(t.take().empty());
  t.health(true);
  CHECK(t.take() == "10000 ns0 healthy\n10000 ns1 healthy\n");
  t.found(0, {kBrokerA});
  CHECK(t.take() ==
        "10000 ! observes: broker-a/0 of cluster c at 10.0.0.5:10911\n");
  CHECK(t.core.registered_count() == 1);
}

TEST_CASE("a verdict is told at once, repeated, and lapses after three") {
  Transcript t(make_settings(1));
  t.connected(0);
  t.health(true);
  t.found(0, {kBrokerA});
  t.run_until_ms(300);
  t.take();
  t.health(false);
  CHECK(t.take() == "300 ns0 UNHEALTHY\n");
  const model::ObserveRequest& request = t.sent.back();
  CHECK(request.address.to_string() == "10.0.0.5:10911");
  CHECK(request.reason == "rocketmq: no answer");
  CHECK(request.lapses_after == 3s);
  CHECK(request.action == model::VerdictAction::kRemoveFromRoutes);
  t.found(0, {kBrokerA});
  CHECK(t.take() == "300 ! told: broker-a/0 of cluster c is unhealthy\n");

  t.answer_with({kBrokerA});
  t.run_until_ms(60'300);
  CHECK(t.take().empty());  // repetitions are no news
  CHECK(t.sent.size() >= 2 + 57);
  for (std::size_t i = 2; i < t.sent.size(); ++i) {
    CHECK_FALSE(t.sent[i].healthy);
    CHECK(t.sent_ms[i] - t.sent_ms[i - 1] <= 1050);
  }
  t.health(true);
  CHECK(t.take() == "60300 ! told: broker-a/0 of cluster c is healthy\n");
}

TEST_CASE("a change while a verdict is under way follows its answer") {
  Transcript t(make_settings(1));
  t.connected(0);
  t.health(true);
  t.take();
  t.health(false);
  CHECK(t.take().empty());
  t.found(0, {kBrokerA});
  CHECK(t.take() ==
        "0 ! observes: broker-a/0 of cluster c at 10.0.0.5:10911\n"
        "0 ns0 UNHEALTHY\n");
}

TEST_CASE("a broker that is not registered yet is judged when it is") {
  Transcript t(make_settings(1));
  t.connected(0);
  t.take();
  t.answer_with({});
  t.health(true);
  CHECK(t.take() == "0 ! nobody there: 10.0.0.5:10911\n");
  CHECK(t.core.registered_count() == 0);
  t.run_until_ms(290'000);
  CHECK(t.take().empty());
  t.run_until_ms(310'000);  // said again after five minutes
  CHECK(t.take().find("! nobody there: 10.0.0.5:10911\n") != std::string::npos);
  t.answer_with({kBrokerA});
  t.run_until_ms(312'000);
  CHECK(t.take().find("! observes: broker-a/0 of cluster c") !=
        std::string::npos);
}

TEST_CASE("a broker that moves away, and another one at its address") {
  Transcript t(make_settings(1));
  t.connected(0);
  t.answer_with({kBrokerA});
  t.health(true);
  t.take();
  t.answer_with({});
  t.run_until_ms(2000);
  CHECK(t.take().find("! nobody there: 10.0.0.5:10911, broker-a/0 of cluster c "
                      "has left it\n") != std::string::npos);
  t.answer_with({kBrokerA});
  t.run_until_ms(4000);
  t.take();
  t.answer_with({kBrokerB});
  t.run_until_ms(6000);
  CHECK(t.take().find("! observes: broker-b/0 of cluster c at 10.0.0.5:10911, "
                      "was broker-a/0 of cluster c\n") != std::string::npos);
}

TEST_CASE("a nameserver that hangs is left and told again when it is back") {
  Transcript t(make_settings(1));
  t.connected(0);
  t.answer_with({kBrokerA});
  t.health(false);
  t.take();
  t.failed(0, ErrorCode::kTimedOut);  // nothing was under way: ignored
  CHECK(t.take().empty());

  Transcript hung(make_settings(1));
  hung.connected(0);
  hung.health(false);
  hung.take();
  hung.run_until_ms(3000);
  hung.failed(0, ErrorCode::kTimedOut);
  CHECK(hung.take() ==
        "3000 ns0 disconnect\n3000 ! hung: a verdict was not answered\n");
  hung.run_until_ms(3200);
  CHECK(hung.take().find("ns0 connect") != std::string::npos);
  hung.connected(0, 101);
  CHECK(hung.take() == "3200 ! restarted: \n3200 ns0 UNHEALTHY\n");
}

TEST_CASE("a nameserver that refuses is asked less often, and named once") {
  Transcript t(make_settings(1));
  t.connected(0);
  t.health(true);
  t.take();
  t.failed(0, ErrorCode::kUnsupported);
  CHECK(t.take() == "0 ! refused: unsupported: no\n");
  t.health(false);
  t.run_until_ms(25'000);
  CHECK(t.take().empty());
  t.run_until_ms(34'000);
  CHECK(t.take().find("ns0 UNHEALTHY") != std::string::npos);
  t.failed(0, ErrorCode::kUnsupported);
  CHECK(t.take().empty());
}

TEST_CASE("busy and not-ready only delay the next verdict by an interval") {
  for (const ErrorCode code : {ErrorCode::kBusy, ErrorCode::kNotReady}) {
    Transcript t(make_settings(1));
    t.connected(0);
    t.health(false);
    t.take();
    t.failed(0, code);
    t.run_until_ms(1100);
    CHECK(t.take().find("ns0 UNHEALTHY\n") != std::string::npos);
  }
}

TEST_CASE("an observer that stops closes its connections and says no more") {
  Transcript t(make_settings(2));
  t.connected(0);
  t.health(true);
  t.take();
  t.send(Stop{});
  CHECK(t.take() == "0 ns0 disconnect\n0 ns1 disconnect\n0 finished\n");
  CHECK(t.core.next_wakeup() == base::Instant::max());
  t.health(false);
  t.run_until_ms(60'000);
  CHECK(t.take().empty());
}

}  // namespace
}  // namespace waypost::agent

// A machine hangs for ten minutes with its TCP connections open, and with it a
// nameserver and a master broker.

#include "tests/sim/incidents/incidents.h"
#include "tests/sim/incidents/producer.h"
#include "tests/sim/incidents/scene.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kHungFor = 9min + 46s;  // 14:44 to 14:53:46

struct Cast {
  std::string title;
  const char* profile = "rocketmq-4";
  // As the stock client: a timeout closes nothing, no broker is avoided, the
  // first attempt may use up the whole budget.
  bool as_it_happened = false;
};

struct Figures {
  std::size_t sent = 0;
  std::size_t lost = 0;
  std::size_t to_replicas = 0;
  base::Duration last_loss{0};
  std::optional<base::Duration> left;     // the hung nameserver
  std::optional<base::Duration> avoided;  // the hung broker
  std::optional<base::Duration> dropped;  // from the healthy nameserver
  std::optional<base::Duration> followed;
  base::Duration whole{0};  // after the reboot
};

class HungMachine {
 public:
  HungMachine(Story& story, const Cast& cast)
      : cast_(cast), scene_(story, options(story, cast)) {
    // Machine A: ns-0 and broker-0's master; B: ns-1 and broker-1's. The
    // slaves have machines of their own.
    for (std::size_t i = 0; i < 2; ++i) {
      scene_.system.agents[i]->same_machine = {scene_.ns(i).endpoint().host};
    }
    scene_.add_agent("slave-0", "10.0.1.3", "broker-0", 1);
    scene_.add_agent("slave-1", "10.0.1.4", "broker-1", 1);
    for (std::size_t i = 0; i < 3; ++i) add_producer(i);
  }
  // Nothing runs any more when the producers go.
  ~HungMachine() { producers_.clear(); }

  Figures play();
  Scene& scene() { return scene_; }

 private:
  static Deployment::Options options(Story& story, const Cast& cast) {
    Deployment::Options options;
    options.seed = story.seed();
    options.clients = 0;
    options.profile = cast.profile;
    return options;
  }
  void add_producer(std::size_t i);
  void hang();
  void reboot();
  bool all(const std::function<bool(const Producer&)>& is) const {
    return std::all_of(producers_.begin(), producers_.end(),
                       [&](const auto& each) { return is(*each); });
  }
  bool have_left() const {
    const std::string healthy =
        scene_.system.nameservers[1]->endpoint().to_string();
    return all(
        [&](const Producer& each) { return each.nameserver() == healthy; });
  }
  bool has_master(std::size_t i, const std::string& group) {
    return !scene_.ns(i).master_address(Deployment::kTopic, group).empty();
  }
  bool dropped() {
    // The slave stays in the route, the master does not.
    return !has_master(1, "broker-0");
  }

  const Cast cast_;
  Scene scene_;
  std::vector<std::unique_ptr<Producer>> producers_;
};

void HungMachine::add_producer(std::size_t i) {
  const std::string name = "producer-" + std::to_string(i);
  SimNode& node =
      scene_.system.world.add_node(name, "10.0.2." + std::to_string(i + 1));
  ClientOptions options = *ClientOptions::for_profile(cast_.profile);
  options.random_seed = i + 1;
  options.start_nameserver = scene_.ns(0).endpoint().to_string();
  for (auto& each : scene_.system.nameservers) {
    options.nameservers.push_back(each->endpoint().to_string());
  }
  if (cast_.as_it_happened) {
    options.close_on_timeout = false;
    options.fault_policy = FaultPolicy::kOff;
    options.watch = false;
  }
  producers_.push_back(std::make_unique<Producer>(
      node, std::move(options), Deployment::kTopic,
      cast_.as_it_happened ? 1 : 3,
      [this](const std::string& address) {
        SimNode* broker = scene_.system.world.find_address(
            address.substr(0, address.find(':')));
        return broker != nullptr && broker->running();
      },
      scene_.system.transcript.logger(name)));
}

void HungMachine::hang() {
  scene_.ns(0).node().freeze();
  scene_.system.brokers[0]->node().freeze();
}

// The machine's programs start anew; what was connected is reset.
void HungMachine::reboot() {
  scene_.ns(0).kill();
  scene_.system.agents[0]->kill();
  scene_.ns(0).start();
  scene_.system.agents[0]->start();
}

Figures HungMachine::play() {
  scene_.begin();
  for (auto& each : scene_.system.nameservers) each->start();
  for (auto& each : scene_.system.agents) each->start();
  scene_.run(1s);
  for (auto& each : producers_) each->start();
  scene_.run(40s);

  std::size_t sent_before = 0;
  for (const auto& each : producers_) sent_before += each->sent();
  scene_.begin();
  scene_.say(
      "14:44: machine A hangs, and with it ns-0 and broker-0's master; "
      "their connections stay open");
  hang();
  Figures figures;
  while (scene_.elapsed() < kHungFor) {
    scene_.run(100ms);
    const auto first = [&](std::optional<base::Duration>& when, bool now) {
      if (now && !when) when = scene_.elapsed();
    };
    first(figures.left, have_left());
    first(figures.avoided, all([](const Producer& each) {
            return each.avoided_at().has_value();
          }));
    first(figures.dropped, dropped());
    first(figures.followed, all([](const Producer& each) {
            return each.masters() == std::vector<std::string>{"broker-1"};
          }));
  }
  scene_.say("14:53:46: machine A has been rebooted");
  reboot();
  figures.whole = scene_.until(2min, [&] {
    return scene_.serves(0) && has_master(0, "broker-0") &&
           has_master(0, "broker-1") &&
           all([](const Producer& each) { return each.masters().size() == 2; });
  });
  scene_.run(30s);
  for (const auto& each : producers_) {
    figures.sent += each->sent();
    figures.lost += each->lost();
    figures.to_replicas += each->to_replicas();
    if (each->last_loss()) {
      const base::Duration at =
          *each->last_loss() - (scene_.system.world.now() - scene_.elapsed());
      figures.last_loss = std::max(figures.last_loss, at);
    }
  }
  figures.sent -= sent_before;
  return figures;
}

std::string span(const std::optional<base::Duration>& when) {
  return when ? story_span(*when) : "never while it hung";
}

}  // namespace

void play_hung_machine(Story& story) {
  const std::vector<Cast> casts = {{"Waypost, rocketmq-4"},
                                   {"Waypost, fast", "fast"},
                                   {"as it happened", "rocketmq-4", true}};
  std::vector<std::vector<std::string>> rows = {{""},
                                                {"messages sent"},
                                                {"lost"},
                                                {"last loss after"},
                                                {"all left ns-0 after"},
                                                {"all avoided broker-0 after"},
                                                {"ns-1 dropped it after"},
                                                {"all routes without it after"},
                                                {"whole after the reboot"}};
  for (const Cast& cast : casts) {
    HungMachine machine(story, cast);
    const Figures figures = machine.play();
    const bool waypost = !cast.as_it_happened;
    const bool fast = std::string(cast.profile) == "fast";
    const auto promise = [&](bool kept, const std::string& what) {
      story.promise(kept, cast.title + ": " + what);
    };
    promise(figures.to_replicas == 0, "no message goes to a slave");
    if (waypost) {
      promise(figures.lost == 0, "no message is lost");
      promise(figures.left && *figures.left <= (fast ? 3s : 9s),
              "the hung nameserver is left by its next ping");
      promise(figures.avoided && *figures.avoided <= 2s,
              "the hung broker is avoided after its first failed send");
    } else {
      promise(figures.lost > 0 && !figures.left && !figures.followed &&
                  figures.last_loss > kHungFor - 5s,
              "the incident happens when it is let happen");
    }
    promise(figures.dropped && *figures.dropped >= (fast ? 2s : 118s) &&
                *figures.dropped <= (fast ? 5s : 132s),
            "the hung broker is dropped on schedule");
    if (waypost) {
      promise(figures.followed && *figures.followed <= *figures.dropped + 1s,
              "clients are told at once");
      promise(figures.whole <= 5s, "all is whole soon after the reboot");
    }
    if (cast.title == casts[0].title) {
      story.add("transcript",
                machine.scene().transcript({"cannot reach nameserver",
                                            "warn left a nameserver",
                                            "nameserver was restarted"}));
    }
    rows[0].push_back(cast.title);
    rows[1].push_back(std::to_string(figures.sent));
    rows[2].push_back(std::to_string(figures.lost));
    rows[3].push_back(figures.lost == 0 ? "none lost"
                                        : story_span(figures.last_loss));
    rows[4].push_back(span(figures.left));
    rows[5].push_back(span(figures.avoided));
    rows[6].push_back(span(figures.dropped));
    rows[7].push_back(span(figures.followed));
    rows[8].push_back(story_span(figures.whole));
  }
  story.add("figures", text_table(rows));
}

}  // namespace waypost::sim

// Registering over remoting: what the Java server's recordings show, and what
// its source says of 5.x. Numbers in names are those of the recordings.

#include <string>

#include <doctest/doctest.h>

#include "tests/namesrv/registry/remoting_script.h"

namespace waypost::registry {
namespace {

using namespace std::chrono_literals;

model::StaticTopicMapping mapping(const std::string& topic,
                                  std::int32_t total) {
  model::StaticTopicMapping made;
  made.topic = model::TopicName(topic);
  made.broker_name = model::BrokerName("a");
  made.total_queues = total;
  return made;
}

TEST_CASE(
    "016: a slave is told master and HA address; its topics are ignored") {
  RemotingScript s;
  CHECK(s.enter({.ha = "h0"}) == "changed; registered a/0");
  CHECK(s.enter({.broker = "a/1",
                 .binding = 2,
                 .topics = {"t", "only-on-slave"},
                 .ha = "h1"}) == "changed master a0:1 ha h0; registered a/1");
  CHECK(s.enter({.broker = "a/2", .binding = 3}) ==
        "changed master a0:1 ha h0; registered a/2");
  CHECK(s.shown("t") == "a(c)[0=a0:1,1=a1:1,2=a2:1]4/4p6");
  CHECK(s.topics() == "t");
}

TEST_CASE("017: a slave before its master is there, without topics") {
  RemotingScript s;
  CHECK(s.enter({.broker = "a/1"}) == "changed; registered a/1");
  CHECK(s.topics() == "");
  CHECK(s.cluster_text() == "a(c)[1=a1:1]; c:a");
  s.enter({.broker = "a/0", .binding = 2});
  CHECK(s.shown("t") == "a(c)[0=a0:1,1=a1:1]4/4p6");
  CHECK(s.enter({.broker = "a/1"}) == "unchanged master a0:1");
}

TEST_CASE(
    "019: another address takes the place; the old connection is nobody") {
  RemotingScript s;
  s.enter({.binding = 1, .address = "x:1"});
  CHECK(s.enter({.binding = 2, .address = "y:1"}) ==
        "changed; address-changed a/0");
  CHECK(s.shown("t") == "a(c)[0=y:1]4/4p6");
  CHECK(s.close(1) == "-");
  CHECK(s.close(2) == "-; connection-closed a/0");
  CHECK(s.cluster_text() == ";");
}

TEST_CASE("022: a name in two clusters is one group, listed in both") {
  RemotingScript s;
  s.enter({.ha = "h", .cluster = "C1"});
  CHECK(s.enter({.broker = "a/1", .binding = 2, .cluster = "C2"}) ==
        "changed master a0:1 ha h; registered a/1");
  CHECK(s.cluster_text() == "a(C1)[0=a0:1,1=a1:1]; C1:a C2:a");
  CHECK(s.shown("t") == "a(C1)[0=a0:1,1=a1:1]4/4p6");
  // Java leaves a name without brokers behind in one of them.
  s.close(1);
  CHECK(s.cluster_text() == "a(C1)[1=a1:1]; C1:a C2:a");
  s.close(2);
  CHECK(s.cluster_text() == ";");
}

TEST_CASE("023: versions are compared for equality, a lower one applies") {
  RemotingScript s;
  s.enter({.version = 5, .topics = {"t:4"}});
  CHECK(s.enter({.version = 5, .topics = {"t:8"}}) == "unchanged");
  CHECK(s.shown("t") == "a(c)[0=a0:1]4/4p6");
  CHECK(s.enter({.version = 3, .topics = {"t:2"}}) ==
        "changed; topics-changed a/0");
  CHECK(s.shown("t") == "a(c)[0=a0:1]2/2p6");
}

TEST_CASE("024: topics that a later registration does not list are kept") {
  RemotingScript s;
  s.enter({.version = 1, .topics = {"t", "u"}});
  CHECK(s.enter({.version = 2, .topics = {"t"}}) == "unchanged");
  CHECK(s.enter({.version = 3, .topics = {}}) == "unchanged");
  CHECK(s.topics() == "t u");
}

TEST_CASE("5.x: where it is asked for, what is not listed goes") {
  RemotingScript s;
  s.enter({.version = 1, .topics = {"t", "u"}});
  s.retune(true);
  // Also with an equal version, which brings nothing.
  CHECK(s.enter({.version = 1, .topics = {"u", "v"}}) ==
        "changed; topics-changed a/0");
  CHECK(s.topics() == "u");
  // Static topics are not supported by that.
  CHECK(
      s.enter({.version = 2, .topics = {"w"}, .mappings = {mapping("w", 1)}}) ==
      "changed; topics-changed a/0");
  CHECK(s.topics() == "u w");
  s.retune(false);
  s.enter({.version = 3, .topics = {}});
  CHECK(s.topics() == "u w");
}

TEST_CASE("a slave becomes master: one address is one broker of its group") {
  RemotingScript s;
  s.enter({.broker = "a/0", .binding = 1, .topics = {"t:4"}});
  s.enter({.broker = "a/1", .binding = 2, .version = 7, .topics = {"t:8"}});
  // The master is gone; the slave takes over with its own address.
  s.close(1);
  CHECK(s.enter({.broker = "a/0",
                 .binding = 2,
                 .version = 7,
                 .topics = {"t:8", "u"},
                 .address = "a1:1"}) ==
        "changed; registered a/0; replaced a/1");
  // First with that id, so its topics apply though the version is known.
  CHECK(s.shown("t") == "a(c)[0=a1:1]8/8p6");
  CHECK(s.topics() == "t u");
  CHECK(s.close(2) == "-; connection-closed a/0");
  CHECK(s.topics() == "");
}

TEST_CASE("a slave that takes over a living master's id keeps its topics") {
  RemotingScript s;
  s.enter({.broker = "a/0", .binding = 1, .topics = {"t:4"}});
  s.enter({.broker = "a/1", .binding = 2, .version = 7});
  // That address has told version 7 before.
  CHECK(s.enter({.broker = "a/0",
                 .binding = 2,
                 .version = 7,
                 .topics = {"t:8"},
                 .address = "a1:1"}) ==
        "changed; address-changed a/0; replaced a/1");
  CHECK(s.shown("t") == "a(c)[0=a1:1]4/4p6");
  CHECK(s.close(1) == "-");
}

TEST_CASE("the same address in two groups is two brokers") {
  RemotingScript s;
  s.enter({.broker = "a/0", .binding = 1, .address = "x:1"});
  CHECK(s.enter({.broker = "b/0", .binding = 2, .address = "x:1"}) ==
        "changed; registered b/0");
  CHECK(s.shown("t") == "a(c)[0=x:1]4/4p6 b(c)[0=x:1]4/4p6");
  CHECK(s.close(1) == "-; connection-closed a/0");
  CHECK(s.shown("t") == "b(c)[0=x:1]4/4p6");
}

TEST_CASE(
    "a slave stays readable after its master, and its topics end with it") {
  RemotingScript s;
  s.enter({.broker = "a/0", .binding = 1});
  s.enter({.broker = "a/1", .binding = 2});
  s.close(1);
  CHECK(s.shown("t") == "a(c)[1=a1:1]4/4p6");
  // The master comes back with what it had: its id is new, so that applies.
  CHECK(s.enter({.broker = "a/0", .binding = 3, .topics = {"t:9"}}) ==
        "changed; registered a/0");
  CHECK(s.shown("t") == "a(c)[0=a0:1,1=a1:1]9/9p6");
  s.close(2);
  s.close(3);
  CHECK(s.topics() == "");
}

TEST_CASE("5.x: the smallest slave of a group without master brings topics") {
  RemotingScript s;
  CHECK(s.enter({.broker = "a/2", .binding = 2, .acting_master = true}) ==
        "changed; registered a/2");
  // Its write permission is not shown.
  CHECK(s.shown("t") == "a*(c)[2=a2:1]4/4p4");
  CHECK(s.route("t") == "a[2@a2:1]4/4r");
  // Not the smallest: ignored.
  s.enter(
      {.broker = "a/3", .binding = 3, .topics = {"u"}, .acting_master = true});
  CHECK(s.topics() == "t");
  // One that says it does not want to act brings topics with their permission.
  s.enter(
      {.broker = "a/1", .binding = 4, .topics = {"u"}, .acting_master = false});
  CHECK(s.topics() == "t u");
  CHECK(s.shown("u") == "a(c)[1=a1:1,2=a2:1,3=a3:1]4/4p6");
  // A 4.x slave never does.
  RemotingScript old;
  old.enter({.broker = "a/1"});
  CHECK(old.topics() == "");
}

TEST_CASE("5.x: while there is no master its group shows no write permission") {
  RemotingScript s;
  s.enter({.broker = "a/0", .binding = 1, .acting_master = true});
  s.enter({.broker = "a/1", .binding = 2, .acting_master = true});
  CHECK(s.shown("t") == "a*(c)[0=a0:1,1=a1:1]4/4p6");
  s.close(1);
  CHECK(s.shown("t") == "a*(c)[1=a1:1]4/4p4");
  // A native client sees the same.
  CHECK(s.route("t") == "a[1@a1:1]4/4r");
  s.enter({.broker = "a/0", .binding = 3, .acting_master = true});
  CHECK(s.shown("t") == "a*(c)[0=a0:1,1=a1:1]4/4p6");
}

TEST_CASE("5.x: of two addresses the larger state version stays, if it lives") {
  RemotingScript s;
  s.enter({.binding = 1, .address = "x:1", .state_version = 2});
  CHECK(s.enter({.binding = 2, .address = "y:1", .state_version = 1}) ==
        "ignored");
  CHECK(s.shown("t") == "a(c)[0=x:1]4/4p6");
  CHECK(s.enter({.binding = 2, .address = "y:1", .state_version = 2}) ==
        "changed; address-changed a/0");
  // At the same address it is not asked.
  CHECK(s.enter({.binding = 2, .address = "y:1", .state_version = 0}) ==
        "unchanged");
  CHECK(s.enter({.binding = 3,
                 .address = "z:1",
                 .state_version = -1,
                 .on_conflict = OnAddressConflict::kLatest}) ==
        "changed; address-changed a/0");
  s.close(3);
  CHECK(s.enter({.binding = 4, .address = "w:1", .state_version = -9}) ==
        "changed; registered a/0");
}

TEST_CASE("expiry is the broker's own, within bounds, else the default") {
  RemotingScript s;
  s.at(0s).enter({.broker = "a/0", .binding = 1, .expiry = 10s});
  s.enter({.broker = "b/0", .binding = 2});
  s.enter({.broker = "c/0", .binding = 3, .expiry = 1ms});
  CHECK(s.at(2s).scan() == "-; expired c/0");
  CHECK(s.at(10s).scan() == "-");
  CHECK(s.at(10100ms).scan() == "-; expired a/0");
  CHECK(s.at(120s).scan() == "-");
  CHECK(s.at(121s).scan() == "-; expired b/0");
}

TEST_CASE("who is told of a new smallest id, and what") {
  RemotingScript s;
  s.enter({.broker = "a/2", .binding = 2, .ha = "h2", .acting_master = true});
  CHECK(s.notices() == "");  // the first of its group
  s.enter({.broker = "a/3", .binding = 3, .acting_master = true});
  CHECK(s.notices() == "");
  s.enter({.broker = "a/1", .binding = 1, .ha = "h1", .acting_master = true});
  CHECK(s.notices() == "min a/1 a1:1 ha h1 to a2:1 a3:1");
  s.close(1);
  CHECK(s.notices() == "min a/2 a2:1 off a1:1 to a2:1 a3:1");
  // Not the smallest.
  s.close(3);
  CHECK(s.notices() == "");
  s.enter({.broker = "a/0", .binding = 4, .ha = "h0", .acting_master = false});
  CHECK(s.notices() == "min a/0 a0:1 ha h0 to a2:1");
  // Who comes is not asked whether it wants to act; when one goes, the smallest
  // that is left is.
  s.enter({.broker = "a/2", .binding = 2, .acting_master = false});
  CHECK(s.leave("a/0", "a0:1") == "removed; unregistered a/0");
  CHECK(s.notices() == "");
}

TEST_CASE("several that go at once are one word") {
  RemotingScript s;
  for (const char* broker : {"a/0", "a/1", "a/2"}) {
    s.enter({.broker = broker, .binding = 1, .acting_master = true});
  }
  s.enter({.broker = "a/3", .binding = 2, .acting_master = true});
  s.close(1);
  CHECK(s.notices() == "min a/3 a3:1 off a0:1 to a3:1");
}

TEST_CASE(
    "filter servers stay when nothing is said of them, and go when none") {
  RemotingScript s;
  s.enter({.filter_servers = {{"f1", "f2"}}});
  CHECK(s.shown("t") == "a(c)[0=a0:1{f1 f2}]4/4p6");
  CHECK(s.enter({}) == "unchanged");
  CHECK(s.shown("t") == "a(c)[0=a0:1{f1 f2}]4/4p6");
  s.enter({.broker = "a/1", .binding = 2, .filter_servers = {{"f3"}}});
  CHECK(s.shown("t") == "a(c)[0=a0:1{f1 f2},1=a1:1{f3}]4/4p6");
  CHECK(s.enter({.filter_servers = model::FilterServers{}}) == "changed");
  CHECK(s.shown("t") == "a(c)[0=a0:1,1=a1:1{f3}]4/4p6");
  // They are an address's.
  s.enter({.broker = "a/1", .binding = 2, .address = "x:1"});
  CHECK(s.shown("t") == "a(c)[0=a0:1,1=x:1]4/4p6");
}

TEST_CASE("static topic mappings come with a version and end with the group") {
  RemotingScript s;
  s.enter({.version = 1,
           .topics = {"t", "u"},
           .mappings = {mapping("u", 5), mapping("t", 8)}});
  CHECK(s.shown("t") == "a(c)[0=a0:1]4/4p6#8");
  CHECK(s.shown("u") == "a(c)[0=a0:1]4/4p6#5");
  // The same version says nothing new, another one only of what it lists.
  s.enter({.version = 1, .topics = {"t"}, .mappings = {mapping("t", 9)}});
  CHECK(s.shown("t") == "a(c)[0=a0:1]4/4p6#8");
  s.enter({.version = 2, .topics = {"t"}, .mappings = {mapping("t", 9)}});
  CHECK(s.shown("t") == "a(c)[0=a0:1]4/4p6#9");
  CHECK(s.shown("u") == "a(c)[0=a0:1]4/4p6#5");
  s.drop_topic("u");
  s.enter({.version = 3, .topics = {"u"}});
  CHECK(s.shown("u") == "a(c)[0=a0:1]4/4p6");
  s.close(1);
  s.enter({.binding = 2, .version = 4, .topics = {"t"}});
  CHECK(s.shown("t") == "a(c)[0=a0:1]4/4p6");
}

TEST_CASE("the zone is the master's") {
  RemotingScript s;
  s.enter({.broker = "a/1", .binding = 2, .zone = "east"});
  s.enter({.broker = "a/0", .binding = 1, .zone = "west"});
  CHECK(s.shown("t") == "a(c@west)[0=a0:1,1=a1:1]4/4p6");
  s.close(1);
  CHECK(s.shown("t") == "a(c)[1=a1:1]4/4p6");
}

TEST_CASE("037: any numbers are carried, and moved into bounds for natives") {
  RemotingScript s;
  Register event = RemotingScript::event_of({});
  event.request.topics[0].queues = {model::from_java_int(-1),
                                    model::from_java_int(2147483647),
                                    {model::from_java_int(-1)},
                                    model::from_java_int(-1)};
  s.step(event);
  CHECK(s.shown("t") == "a(c)[0=a0:1]-1/2147483647p-1");
  CHECK(s.route("t") == "a[0@a0:1]0/65536rwi");
}

TEST_CASE("addresses are given back as they were written") {
  RemotingScript s;
  const auto shown_for = [&](const std::string& address) {
    s.enter({.address = address});
    return s.shown("t") + " " + s.route("t");
  };
  CHECK(shown_for("[::1]:10911") ==
        "a(c)[0=[::1]:10911]4/4p6 a[0@[::1]:10911]4/4rw");
  CHECK(shown_for("fe80::1%eth0:10911") ==
        "a(c)[0=fe80::1%eth0:10911]4/4p6 "
        "a[0@[fe80::1%eth0]:10911]4/4rw");
  CHECK(shown_for("HOST.example:010911")
            .starts_with("a(c)[0=HOST.example:010911]4/4p6"));
  // Native clients cannot use these.
  CHECK(shown_for("nonsense") == "a(c)[0=nonsense]4/4p6 ");
  CHECK(shown_for("host:70000") == "a(c)[0=host:70000]4/4p6 ");
  CHECK(shown_for("主机:1") == "a(c)[0=主机:1]4/4p6 a[0@主机:1]4/4rw");
}

TEST_CASE("what cannot be anybody's name is refused in words") {
  RemotingScript s;
  const auto refused = [&](const Told& told) {
    const std::string text = s.enter(told);
    const auto* error = std::get_if<base::Error>(&s.last.reply);
    return error == nullptr ? text : error->message;
  };
  CHECK(refused({.broker = "/0", .address = "x:1"})
            .find("a broker name of 0 bytes, allowed are 1 to 1024") !=
        std::string::npos);
  CHECK(refused({.cluster = ""}).find("cluster name of 0") !=
        std::string::npos);
  CHECK(refused({.address = std::string(1025, 'x')})
            .find("broker address of 1025") != std::string::npos);
  CHECK(refused({.ha = std::string(1025, 'x')}).find("HA address of 1025") !=
        std::string::npos);
  CHECK(refused({.zone = std::string(1025, 'x')}).find("zone of 1025") !=
        std::string::npos);
  CHECK(refused({.filter_servers = {{std::string(1025, 'x')}}})
            .find("filter server's address of 1025") != std::string::npos);
  CHECK(refused({.filter_servers = model::FilterServers(1025, "f")})
            .find("1025 filter servers") != std::string::npos);
  CHECK(s.brokers() == "");
  // Long retry topics are none of that.
  CHECK(refused({.topics = {"%RETRY%" + std::string(255, 'g')}}) ==
        "changed; registered a/0");
}

TEST_CASE("a topic told twice counts as told last, one without name not") {
  RemotingScript s;
  s.enter({.topics = {"t:1", "u", "t:2", ":5", "t:3"}});
  CHECK(s.topics() == "t u");
  CHECK(s.shown("t") == "a(c)[0=a0:1]3/3p6");
}

TEST_CASE("any id is taken, a negative one, too") {
  RemotingScript s;
  s.enter({.broker = "a/0", .binding = 1});
  CHECK(s.enter({.broker = "a/-1", .binding = 2}) ==
        "changed master a0:1; registered a/-1");
  CHECK(s.shown("t") == "a(c)[-1=a-1:1,0=a0:1]4/4p6");
}

TEST_CASE("limits hold for remoting brokers, too") {
  RegistrySettings settings;
  settings.brokers_max = 2;
  settings.replicas_max = 1;
  settings.topics_max = 3;
  RemotingScript s(settings);
  s.enter({.broker = "a/0", .topics = {"t", "u"}});
  CHECK(s.enter({.broker = "a/1"}) == "too-large");
  CHECK(s.enter({.broker = "b/0", .topics = {"t", "u"}}) == "too-large");
  CHECK(s.enter({.broker = "b/0", .topics = {"t"}}) ==
        "changed; registered b/0");
  CHECK(s.enter({.broker = "c/0", .topics = {}}) == "too-large");
  CHECK(s.bring_topic("x", {"a"}) == "too-large");
  // The group's topics are counted once, and given back.
  s.leave("a/0", "a0:1");
  CHECK(s.enter({.broker = "a/0", .topics = {"v", "w"}}) ==
        "changed; registered a/0");
}

}  // namespace
}  // namespace waypost::registry

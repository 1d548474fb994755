// Commands that change something, against scripted nameservers on a simulated
// network.

#include <doctest/doctest.h>

#include "tests/admin_cli/command_setup.h"

namespace waypost::admin {
namespace {

using namespace std::chrono_literals;
using base::ErrorCode;
using codec::FrameKind;
using nlohmann::json;
using testing::Setup;

TEST_CASE("a change is put to every nameserver, also without --all") {
  Setup setup;
  setup.a.answer(FrameKind::kKvPut, model::ChangeReply{true});
  setup.b.answer(FrameKind::kKvPut, model::ChangeReply{false});
  const json document = setup.run_json({"kv", "put", "n", "k", "v"});
  CHECK(setup.last.exit_status == 0);
  CHECK(document["command"] == "kv put");
  REQUIRE(document["answers"].size() == 2);
  CHECK(document["answers"][0]["changed"] == true);
  CHECK(document["answers"][1]["changed"] == false);
}

TEST_CASE("a nameserver that does not take the change is named") {
  Setup setup;
  setup.settings.output = static_cast<std::size_t>(OutputForm::kTable);
  setup.a.answer(FrameKind::kKvDelete, model::ChangeReply{true});
  setup.b.fail(FrameKind::kKvDelete,
               {ErrorCode::kDenied, "takes no changes", "ask its operator"});
  const Outcome outcome = setup.run({"kv", "delete", "n", "k"});
  CHECK(outcome.exit_status == kExitPartial);
  CHECK(outcome.out ==
        "NAMESERVER     RESULT     DETAIL\n"
        "10.0.0.1:9876  changed    -\n"
        "10.0.0.2:9876  NOT TAKEN  takes no changes\n"
        "\n"
        "! 1 of 2 nameservers did not take the change and differ from the "
        "others now: say it again when they answer\n");
  CHECK(outcome.err ==
        "waypostctl: 10.0.0.2:9876 refused: denied: takes no changes (ask its "
        "operator)\n");
}

TEST_CASE("a hung nameserver delays the others' change by nothing") {
  Setup setup;
  base::Instant taken;
  setup.a.node.freeze();
  setup.b.on(FrameKind::kDeleteTopic,
             [&](rpc::ServerSession& session, const codec::FrameView& frame) {
               taken = setup.world.now();
               session.reply(FrameKind::kDeleteTopic, codec::kFlagReply,
                             frame.header.correlation_id,
                             codec::encode(model::DeleteTopicReply{2}));
             });
  const base::Instant start = setup.world.now();
  const json document = setup.run_json({"topic", "delete", "orders"});
  CHECK(setup.last.exit_status == kExitPartial);
  CHECK(taken - start < 100ms);
  CHECK(document["answers"][0]["error"]["code"] == "timed-out");
  CHECK(document["answers"][1]["detail"] == "taken from 2 broker groups");
}

TEST_CASE("a change that nobody takes fails") {
  Setup setup;
  setup.a.node.crash();
  setup.b.node.crash();
  setup.run_json({"config", "set", "orderMessageEnable", "true"});
  CHECK(setup.last.exit_status == kExitFailed);
}

// What the nameserver was asked, decoded.
template <typename Request>
Request asked(Setup& setup, FrameKind kind,
              const std::vector<std::string>& words) {
  std::optional<Request> request;
  setup.a.on(
      kind, [&](rpc::ServerSession& session, const codec::FrameView& frame) {
        request = *codec::decode<Request>(frame.payload);
        session.reply(kind, codec::kFlagReply, frame.header.correlation_id,
                      codec::encode(model::ChangeReply{true}));
      });
  setup.settings.nameservers = {setup.a.endpoint};
  setup.run(words);
  REQUIRE(request);
  return *request;
}

TEST_CASE("each change says what its words say") {
  Setup setup;
  setup.settings.owner = "ops";
  setup.settings.reason = "new disk";
  setup.settings.lapses_after = 2h;
  const auto wiped = asked<model::SetOverrideRequest>(
      setup, FrameKind::kSetOverride, {"broker", "wipe-write", "broker-a"});
  CHECK(wiped.broker_name.value() == "broker-a");
  CHECK(wiped.permission.to_string() == "r");
  CHECK(wiped.owner == "ops");
  CHECK(wiped.reason == "new disk");
  CHECK(wiped.lapses_after == 2h);
  CHECK(asked<model::SetOverrideRequest>(setup, FrameKind::kSetOverride,
                                         {"broker", "add-write", "broker-a"})
            .permission.to_string() == "rw");
  CHECK(asked<model::ClearOverrideRequest>(
            setup, FrameKind::kClearOverride,
            {"broker", "clear-permission", "broker-a"})
            .broker_name.value() == "broker-a");
  CHECK(asked<model::KvPutRequest>(setup, FrameKind::kKvPut,
                                   {"kv", "put", "n", "k", "v"})
            .entry == model::KvEntry{"n", "k", "v"});
  CHECK(asked<model::KvDeleteRequest>(setup, FrameKind::kKvDelete,
                                      {"kv", "delete", "n", "k"})
            .key == "k");
  const auto setting = asked<model::ChangeSettingRequest>(
      setup, FrameKind::kChangeSetting, {"config", "set", "key", "value"});
  CHECK(setting.key == "key");
  CHECK(setting.value == "value");
}

TEST_CASE("a topic is deleted from one cluster where one is named") {
  Setup setup;
  std::vector<std::optional<model::ClusterName>> clusters;
  setup.a.on(FrameKind::kDeleteTopic, [&](rpc::ServerSession& session,
                                          const codec::FrameView& frame) {
    clusters.push_back(
        codec::decode<model::DeleteTopicRequest>(frame.payload)->cluster);
    session.reply(FrameKind::kDeleteTopic, codec::kFlagReply,
                  frame.header.correlation_id,
                  codec::encode(model::DeleteTopicReply{0}));
  });
  setup.settings.nameservers = {setup.a.endpoint};
  const json document = setup.run_json({"topic", "delete", "orders"});
  CHECK(document["answers"][0]["detail"] == "no broker group has it");
  setup.settings.cluster = "c1";
  setup.run({"topic", "delete", "orders"});
  CHECK(clusters == std::vector<std::optional<model::ClusterName>>{
                        std::nullopt, model::ClusterName("c1")});
}

// --- Import ---

struct Import : Setup {
  explicit Import(std::size_t count) {
    settings.nameservers = {a.endpoint};
    for (std::size_t i = 0; i < count; ++i) {
      entries.push_back({"n", std::to_string(i), "v"});
    }
    a.on(FrameKind::kKvPut, [this](rpc::ServerSession& session,
                                   const codec::FrameView& frame) {
      const auto request = codec::decode<model::KvPutRequest>(frame.payload);
      taken.push_back(request->entry);
      if (taken.size() > fails_after) {
        return session.reply_error(
            frame.header.correlation_id,
            {ErrorCode::kTooLarge, "the configuration is full", ""});
      }
      session.reply(
          FrameKind::kKvPut, codec::kFlagReply, frame.header.correlation_id,
          codec::encode(model::ChangeReply{.changed = taken.size() % 2 == 0}));
    });
  }
  json import() {
    imports = entries;
    return run_json({"kv", "import", "kvConfig.json"});
  }

  std::vector<model::KvEntry> entries;
  std::vector<model::KvEntry> taken;
  std::size_t fails_after = 1'000'000;
};

TEST_CASE("an import puts every entry once, in their order") {
  Import setup(1000);
  const json document = setup.import();
  CHECK(setup.last.exit_status == 0);
  CHECK(setup.taken == setup.entries);
  CHECK(document["answers"][0]["detail"] == "500 set, 500 as before");
  CHECK(setup.took < 1s);  // many at a time
}

TEST_CASE("an import ends with the first entry that is not taken") {
  Import setup(1000);
  setup.fails_after = 100;
  const json document = setup.import();
  CHECK(setup.last.exit_status == kExitFailed);
  CHECK(setup.taken.size() < 300);
  CHECK(document["answers"][0]["error"]["message"] ==
        "entry n 100: the configuration is full (100 were taken before)");
}

TEST_CASE("an empty import asks whether the nameserver is there") {
  Import setup(0);
  const json document = setup.import();
  CHECK(document["answers"][0]["ok"] == false);  // it answers no ping
  setup.a.on(FrameKind::kPing,
             [](rpc::ServerSession& session, const codec::FrameView& frame) {
               session.reply(FrameKind::kPing, codec::kFlagReply,
                             frame.header.correlation_id, {});
             });
  CHECK(setup.import()["answers"][0]["detail"] == "0 set, 0 as before");
}

// --- Export ---

TEST_CASE("an export is the file of the first nameserver that answers") {
  Setup setup;
  setup.settings.all = true;  // means nothing here
  setup.a.fail(FrameKind::kKvList, {ErrorCode::kBusy, "busy", ""});
  setup.b.answer(FrameKind::kKvList,
                 model::KvPage{{{"n", "a", "1"}, {"n", "b", "2"}}, ""});
  const json file = setup.run_json({"kv", "export"});
  CHECK(setup.last.exit_status == 0);
  CHECK(file == json{{"configTable", {{"n", {{"a", "1"}, {"b", "2"}}}}}});
}

TEST_CASE("an export that JSON cannot hold fails instead of lying") {
  Setup setup;
  setup.a.answer(FrameKind::kKvList, model::KvPage{{{"n", "k", "\xff"}}, ""});
  const Outcome outcome = setup.run({"kv", "export"});
  CHECK(outcome.exit_status == kExitFailed);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.find("namespace n, key k is no UTF-8") !=
        std::string::npos);
}

}  // namespace
}  // namespace waypost::admin

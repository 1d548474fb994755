#include "namesrv/store/sqlite_state_store.h"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace waypost::store {
namespace {

namespace fs = std::filesystem;

class StoreFixture {
 public:
  StoreFixture() {
    std::string name = (fs::temp_directory_path() / "state-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    directory = name;
  }
  ~StoreFixture() {
    std::error_code ignored;
    fs::remove_all(directory, ignored);
  }

  // As a new process would find it.
  base::Result<HardState> reload() {
    return make_sqlite_state_store(directory)->load();
  }
  std::string path() const { return directory + "/state.db"; }
  // Runs SQL on the closed database.
  void edit(const char* sql) const {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path().c_str(), &database) == SQLITE_OK);
    REQUIRE(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) ==
            SQLITE_OK);
    sqlite3_close(database);
  }

  std::string directory;
};

model::KvChange put(const std::string& name_space, const std::string& key,
                    const std::string& value) {
  return {name_space, key, value, true};
}

std::string text_of(const HardState& state) {
  std::string text;
  for (const auto& [name, entries] : state.kv.namespaces()) {
    text += name + "{";
    for (const auto& [key, value] : *entries) text += key + "=" + value + ",";
    text += "}";
  }
  for (const auto& [name, set] : state.overrides) {
    text += " " + name.value() + "=" + set.permission.to_string();
  }
  return text;
}

model::PermissionOverride hold(const std::string& broker) {
  model::PermissionOverride set;
  set.broker_name = model::BrokerName(broker);
  set.permission = {model::Permission::kRead};
  set.owner = "alice";
  set.reason = "disk change";
  set.set_at = base::WallTime(std::chrono::milliseconds(1'700'000'000'123));
  set.lapses_at = set.set_at + std::chrono::hours(1);
  return set;
}

TEST_CASE_FIXTURE(StoreFixture, "what was committed is there after reopening") {
  const std::string bytes("\0\xff'\"", 4);
  {
    const auto store = make_sqlite_state_store(directory);
    const auto empty = store->load();
    REQUIRE(empty.has_value());
    CHECK(text_of(*empty) == "");
    REQUIRE(store
                ->commit({put("NS", "k1", "v1"), put("NS", "k2", "v2"),
                          put("NS", "k1", "v3"), put("", "", ""),
                          put(bytes, bytes, bytes), hold("a"), hold("b")})
                .has_value());
    REQUIRE(store
                ->commit({model::KvChange{"NS", "k2", std::nullopt, false},
                          model::KvChange{"none", "k", std::nullopt, false},
                          model::KvChange{"empty", "k", std::nullopt, true},
                          ClearOverride{model::BrokerName("b")}})
                .has_value());
  }
  const auto state = reload();
  REQUIRE(state.has_value());
  CHECK(*state->kv.find("NS", "k1") == "v3");
  CHECK(state->kv.find("NS")->size() == 1);
  CHECK(*state->kv.find("", "") == "");
  CHECK(*state->kv.find(bytes, bytes) == bytes);
  CHECK(state->kv.find("empty")->empty());
  CHECK(state->kv.find("none") == nullptr);
  REQUIRE(state->overrides.size() == 1);
  CHECK(state->overrides.at(model::BrokerName("a")) == hold("a"));
}

TEST_CASE_FIXTURE(StoreFixture, "an override that never lapses has no time") {
  auto set = hold("a");
  set.lapses_at.reset();
  {
    const auto store = make_sqlite_state_store(directory);
    REQUIRE(store->load().has_value());
    REQUIRE(store->commit({set}).has_value());
  }
  CHECK(reload()->overrides.at(model::BrokerName("a")) == set);
}

TEST_CASE_FIXTURE(StoreFixture,
                  "what was committed survives a killed process") {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto store = make_sqlite_state_store(directory);
    const bool ready = store->load().has_value();
    for (int i = 0; ready && i < 20; ++i) {
      if (!store->commit({put("NS", "k" + std::to_string(i), "v")})) break;
      if (i == 19) ::raise(SIGKILL);
    }
    ::_exit(1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  const auto state = reload();
  REQUIRE(state.has_value());
  CHECK(state->kv.find("NS")->size() == 20);
}

// Makes what is committed in `use` fail for want of room, in a process of its
// own; returns what use() returned, 99 when it did not run to its end.
template <typename Use>
int without_room(Use&& use) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{64 * 1024, 64 * 1024};
    ::setrlimit(RLIMIT_FSIZE, &small);
    ::_exit(use());
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

TEST_CASE_FIXTURE(StoreFixture, "a commit that fails leaves nothing of it") {
  {
    const auto store = make_sqlite_state_store(directory);
    REQUIRE(store->load().has_value());
    REQUIRE(store->commit({put("NS", "k", "old")}).has_value());
  }
  const int outcome = without_room([this] {
    const auto store = make_sqlite_state_store(directory);
    if (!store->load()) return 1;
    const auto failed = store->commit(
        {put("NS", "k", "new"), put("NS", "big", std::string(200'000, 'x'))});
    if (failed) return 2;
    if (failed.error().code != base::ErrorCode::kInternal) return 3;
    // It goes on with what fits.
    return store->commit({put("NS", "small", "1")}) ? 0 : 4;
  });
  CHECK(outcome == 0);
  const auto state = reload();
  REQUIRE(state.has_value());
  CHECK(text_of(*state) == "NS{k=old,small=1,}");
}

TEST_CASE_FIXTURE(StoreFixture, "a file that is no database is set aside") {
  std::ofstream(path()) << std::string(5000, 'x');
  const auto store = make_sqlite_state_store(directory);
  const auto state = store->load();
  REQUIRE_FALSE(state.has_value());
  CHECK(state.error().code == base::ErrorCode::kMalformed);
  CHECK(state.error().to_string().find("state.db.unreadable") !=
        std::string::npos);
  CHECK(fs::file_size(path() + ".unreadable") == 5000);
  // The nameserver may go on.
  REQUIRE(store->commit({put("NS", "k", "v")}).has_value());
}

TEST_CASE_FIXTURE(StoreFixture, "a damaged database is set aside, too") {
  {
    const auto store = make_sqlite_state_store(directory);
    REQUIRE(store->load().has_value());
    for (int i = 0; i < 40; ++i) {
      REQUIRE(store
                  ->commit({put("NS", "k" + std::to_string(i),
                                std::string(1000, 'v'))})
                  .has_value());
    }
  }
  const auto size = fs::file_size(path());
  REQUIRE(size > 20'000);
  {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(size / 2));
    file << std::string(9000, 'z');
  }
  const auto state = reload();
  REQUIRE_FALSE(state.has_value());
  CHECK(state.error().code == base::ErrorCode::kMalformed);
  const auto anew = reload();
  REQUIRE(anew.has_value());
  CHECK(text_of(*anew) == "");
}

TEST_CASE_FIXTURE(StoreFixture,
                  "a newer schema and another program's file stay untouched") {
  {
    const auto store = make_sqlite_state_store(directory);
    REQUIRE(store->load().has_value());
    REQUIRE(store->commit({put("NS", "k", "v")}).has_value());
  }
  edit("PRAGMA user_version = 99");
  {
    const auto store = make_sqlite_state_store(directory);
    const auto state = store->load();
    REQUIRE_FALSE(state.has_value());
    CHECK(state.error().code == base::ErrorCode::kUnsupported);
    CHECK(state.error().message.find("schema version 99") != std::string::npos);
    CHECK_FALSE(store->commit({put("NS", "k", "w")}).has_value());
  }
  edit("PRAGMA user_version = 1");
  CHECK(text_of(*reload()) == "NS{k=v,}");
  edit("PRAGMA application_id = 7");
  CHECK(reload().error().code == base::ErrorCode::kUnsupported);
}

TEST_CASE_FIXTURE(StoreFixture, "a directory that is not there is told") {
  const auto state = make_sqlite_state_store(directory + "/none")->load();
  REQUIRE_FALSE(state.has_value());
  CHECK(state.error().code == base::ErrorCode::kInternal);
  CHECK(state.error().message.find("cannot open " + directory + "/none") == 0);
}

}  // namespace
}  // namespace waypost::store

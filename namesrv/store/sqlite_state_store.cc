#include "namesrv/store/sqlite_state_store.h"

#include <optional>
#include <utility>

#include "namesrv/store/sqlite_file.h"

namespace waypost::store {
namespace {

// The schema's history: what makes version N + 1 of version N. Only to be added
// to.
constexpr const char* kMigrations[] = {
    "CREATE TABLE kv_namespace("
    "  name BLOB NOT NULL PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE kv("
    "  namespace BLOB NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,"
    "  PRIMARY KEY(namespace, key)) WITHOUT ROWID;"
    "CREATE TABLE permission_override("
    "  broker BLOB NOT NULL PRIMARY KEY, permission INTEGER NOT NULL,"
    "  owner BLOB NOT NULL, reason BLOB NOT NULL,"
    "  set_at_ms INTEGER NOT NULL, lapses_at_ms INTEGER) WITHOUT ROWID;",
};
constexpr SqliteSchema kSchema = {0x57505354, kMigrations};  // "WPST"

base::Result<SqliteStatement> prepared(Sqlite& database, const char* sql) {
  return database.prepare(sql);
}

base::Result<HardState> read(Sqlite& database) {
  HardState state;
  auto ok = for_each_row(database, "SELECT name FROM kv_namespace",
                         [&](const SqliteStatement& row) {
                           state.kv.apply({.name_space = row.bytes(0),
                                           .key = "",
                                           .value = std::nullopt,
                                           .makes_namespace = true});
                         });
  if (!ok) return tl::unexpected(ok.error());
  ok = for_each_row(database, "SELECT namespace, key, value FROM kv",
                    [&](const SqliteStatement& row) {
                      state.kv.apply({.name_space = row.bytes(0),
                                      .key = row.bytes(1),
                                      .value = row.bytes(2)});
                    });
  if (!ok) return tl::unexpected(ok.error());
  ok = for_each_row(
      database,
      "SELECT broker, permission, owner, reason, set_at_ms, lapses_at_ms"
      " FROM permission_override",
      [&](const SqliteStatement& row) {
        model::PermissionOverride set;
        set.broker_name = model::BrokerName(row.bytes(0));
        set.permission.bits = static_cast<std::uint32_t>(row.number(1));
        set.owner = row.bytes(2);
        set.reason = row.bytes(3);
        set.set_at = wall_time(row.number(4));
        if (!row.is_null(5)) set.lapses_at = wall_time(row.number(5));
        apply(state, set);
      });
  if (!ok) return tl::unexpected(ok.error());
  return state;
}

class SqliteStateStore final : public HardStateStore {
 public:
  explicit SqliteStateStore(const std::string& directory)
      : path_(directory + "/state.db") {}

  base::Result<HardState> load() override {
    auto state = open();
    if (state || state.error().code != base::ErrorCode::kMalformed) {
      return state;
    }
    database_.reset();
    base::Error error = set_aside_sqlite_file(
        path_, state.error(),
        "this nameserver starts without key-value configuration and "
        "permission overrides: set them again, as they are at the others");
    if (auto anew = open(); !anew) {
      database_.reset();
      return tl::unexpected(anew.error().with_context(error.message));
    }
    return tl::unexpected(std::move(error));
  }

  base::Status commit(const std::vector<Change>& changes) override {
    if (!database_) {
      return base::fail(base::ErrorCode::kInternal,
                        path_ + " is not open, nothing can be kept");
    }
    if (auto ok = database_->run("BEGIN IMMEDIATE"); !ok) return ok;
    base::Status ok;
    for (const Change& change : changes) {
      ok = std::visit([this](const auto& one) { return write(one); }, change);
      if (!ok) break;
    }
    if (ok) ok = database_->run("COMMIT");
    // Fails where SQLite has rolled back by itself; then nothing is left to do.
    if (!ok) (void)database_->run("ROLLBACK");
    return ok;
  }

 private:
  base::Result<HardState> open() {
    auto database = open_sqlite_file(path_, kSchema);
    if (!database) return tl::unexpected(database.error());
    database_.emplace(std::move(*database));
    auto state = read(*database_);
    if (!state) database_.reset();
    return state;
  }

  base::Status write(const model::KvChange& change) {
    if (change.value || change.makes_namespace) {
      auto made =
          prepared(*database_, "INSERT OR IGNORE INTO kv_namespace VALUES(?1)");
      if (!made) return tl::unexpected(made.error());
      made->bind(1, change.name_space);
      if (auto ok = finish(*database_, *made); !ok) return ok;
    }
    auto entry = prepared(
        *database_, change.value
                        ? "INSERT OR REPLACE INTO kv VALUES(?1, ?2, ?3)"
                        : "DELETE FROM kv WHERE namespace = ?1 AND key = ?2");
    if (!entry) return tl::unexpected(entry.error());
    entry->bind(1, change.name_space);
    entry->bind(2, change.key);
    if (change.value) entry->bind(3, *change.value);
    return finish(*database_, *entry);
  }

  base::Status write(const model::PermissionOverride& set) {
    auto entry = prepared(*database_,
                          "INSERT OR REPLACE INTO permission_override"
                          " VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
    if (!entry) return tl::unexpected(entry.error());
    entry->bind(1, set.broker_name.value());
    entry->bind(2, std::int64_t{set.permission.bits});
    entry->bind(3, set.owner);
    entry->bind(4, set.reason);
    entry->bind(5, to_ms(set.set_at));
    if (set.lapses_at) {
      entry->bind(6, to_ms(*set.lapses_at));
    } else {
      entry->bind_null(6);
    }
    return finish(*database_, *entry);
  }

  base::Status write(const ClearOverride& clear) {
    auto entry = prepared(*database_,
                          "DELETE FROM permission_override WHERE broker = ?1");
    if (!entry) return tl::unexpected(entry.error());
    entry->bind(1, clear.broker_name.value());
    return finish(*database_, *entry);
  }

  const std::string path_;
  std::optional<Sqlite> database_;
};

}  // namespace

std::unique_ptr<HardStateStore> make_sqlite_state_store(
    const std::string& data_directory) {
  return std::make_unique<SqliteStateStore>(data_directory);
}

}  // namespace waypost::store

#include "namesrv/store/sqlite_file.h"

#include <cstdio>
#include <utility>

#include <fcntl.h>

#include "namesrv/store/file.h"

namespace waypost::store {
namespace {

constexpr const char* kSettings =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;";

base::Status migrate(Sqlite& database, const SqliteSchema& schema,
                     std::size_t version) {
  if (version == schema.migrations.size()) return {};
  std::string steps = "BEGIN IMMEDIATE;";
  for (; version < schema.migrations.size(); ++version) {
    steps += schema.migrations[version];
  }
  steps +=
      "PRAGMA application_id = " + std::to_string(schema.application_id) +
      ";PRAGMA user_version = " + std::to_string(schema.migrations.size()) +
      ";COMMIT;";
  auto ok = database.run(steps.c_str());
  if (!ok) (void)database.run("ROLLBACK");
  return ok;
}

base::Status prepare_file(Sqlite& database, const std::string& path,
                          const SqliteSchema& schema) {
  if (auto ok = database.run(kSettings); !ok) return ok;
  auto check = database.text("PRAGMA quick_check(1)");
  if (!check) return tl::unexpected(check.error());
  if (*check != "ok") {
    return base::fail(base::ErrorCode::kMalformed,
                      path + " is damaged: " + *check);
  }
  auto version = database.number("PRAGMA user_version");
  if (!version) return tl::unexpected(version.error());
  auto owner = database.number("PRAGMA application_id");
  if (!owner) return tl::unexpected(owner.error());
  auto tables = database.number("SELECT count(*) FROM sqlite_master");
  if (!tables) return tl::unexpected(tables.error());
  if (*owner != schema.application_id && (*tables > 0 || *owner != 0)) {
    return base::fail(base::ErrorCode::kUnsupported,
                      path + " is the database of another program",
                      "give this nameserver a data directory of its own");
  }
  const auto newest = static_cast<std::int64_t>(schema.migrations.size());
  if (*version > newest || *version < 0) {
    return base::fail(
        base::ErrorCode::kUnsupported,
        path + " has schema version " + std::to_string(*version) +
            ", this program knows versions up to " + std::to_string(newest),
        "run the newer program that wrote it, or use another data directory");
  }
  return migrate(database, schema, static_cast<std::size_t>(*version));
}

}  // namespace

base::Result<Sqlite> open_sqlite_file(const std::string& path,
                                      const SqliteSchema& schema) {
  // SQLite would let everybody read it; its log takes the file's mode.
  const FileDescriptor made(
      ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  auto database = Sqlite::open(path);
  if (!database) return database;
  if (auto ok = prepare_file(*database, path, schema); !ok) {
    return tl::unexpected(ok.error());
  }
  return database;
}

base::Error set_aside_sqlite_file(const std::string& path, base::Error error,
                                  const std::string& consequence) {
  const std::string aside = path + ".unreadable";
  std::rename((path + "-wal").c_str(), (aside + "-wal").c_str());
  std::remove((path + "-shm").c_str());
  if (std::rename(path.c_str(), aside.c_str()) != 0) {
    std::remove(path.c_str());
  }
  error.code = base::ErrorCode::kMalformed;
  error.advice = "it was renamed to " + aside + "; " + consequence;
  return error;
}

std::int64_t to_ms(base::WallTime time) {
  return base::to_ms(time.time_since_epoch());
}

base::WallTime wall_time(std::int64_t ms) {
  return base::WallTime(std::chrono::milliseconds(ms));
}

base::Status finish(Sqlite& database, SqliteStatement& statement) {
  const bool done = statement.step() == SQLITE_DONE;
  if (!done) {
    auto error = database.error("write");
    statement.reset();
    return tl::unexpected(std::move(error));
  }
  statement.reset();
  return {};
}

}  // namespace waypost::store

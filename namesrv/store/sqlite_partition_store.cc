#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "namesrv/store/partition_store.h"
#include "namesrv/store/sqlite_file.h"

namespace waypost::store {
namespace {

using Json = nlohmann::json;

// Lists are JSON arrays of strings. Only to be added to.
constexpr const char* kMigrations[] = {
    "CREATE TABLE partition("
    "  id INTEGER NOT NULL PRIMARY KEY, kind TEXT NOT NULL,"
    "  peers TEXT NOT NULL, seen_by TEXT NOT NULL,"
    "  since_ms INTEGER NOT NULL, until_ms INTEGER,"
    "  last_seen_ms INTEGER NOT NULL, end_unknown INTEGER NOT NULL,"
    "  actions TEXT NOT NULL);",
    "CREATE TABLE numbering(largest_id INTEGER NOT NULL);"
    "INSERT INTO numbering SELECT coalesce(max(id), 0) FROM partition;",
};
constexpr SqliteSchema kSchema = {0x57505048, kMigrations};  // "WPPH"

std::string text_of(const Json& list) {
  return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string names_text(const std::vector<model::PeerName>& peers) {
  Json list = Json::array();
  for (const model::PeerName& peer : peers) list.push_back(peer.value());
  return text_of(list);
}

std::vector<model::PeerName> names_of(const std::string& text) {
  std::vector<model::PeerName> peers;
  for (const Json& each : Json::parse(text)) {
    peers.emplace_back(each.get<std::string>());
  }
  return peers;
}

// None when somebody else has written it.
std::optional<PartitionRow> row_of(const SqliteStatement& row) {
  try {
    PartitionRow read;
    model::PartitionEntry& entry = read.entry;
    if (row.number(0) < 0) return std::nullopt;
    entry.id = static_cast<std::uint64_t>(row.number(0));
    entry.kind = row.bytes(1);
    entry.peers = names_of(row.bytes(2));
    entry.seen_by = names_of(row.bytes(3));
    entry.since = wall_time(row.number(4));
    if (!row.is_null(5)) entry.until = wall_time(row.number(5));
    read.last_seen = wall_time(row.number(6));
    entry.end_unknown = row.number(7) != 0;
    entry.actions = Json::parse(row.bytes(8)).get<std::vector<std::string>>();
    return read;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

class SqlitePartitionStore final : public PartitionStore {
 public:
  explicit SqlitePartitionStore(const std::string& directory)
      : path_(directory + "/partitions.db") {}

  base::Result<Loaded> load(std::size_t rows_max) override {
    auto loaded = open(rows_max);
    if (loaded || loaded.error().code != base::ErrorCode::kMalformed) {
      return loaded;
    }
    base::Error error = set_aside_sqlite_file(
        path_, loaded.error(),
        "the records of earlier partitions are not shown any more");
    if (auto anew = open(rows_max); !anew) {
      return tl::unexpected(anew.error().with_context(error.message));
    }
    return tl::unexpected(std::move(error));
  }

  base::Status keep(const std::vector<PartitionRow>& rows) override {
    if (!database_) {
      return base::fail(base::ErrorCode::kInternal,
                        path_ + " is not open, nothing can be kept");
    }
    std::map<std::uint64_t, PartitionRow> wanted;
    for (const PartitionRow& row : rows) wanted.emplace(row.entry.id, row);
    if (wanted == there_) return {};
    if (auto ok = database_->run("BEGIN IMMEDIATE"); !ok) return ok;
    auto ok = write(wanted);
    if (ok) ok = database_->run("COMMIT");
    // Fails where SQLite has rolled back by itself; then nothing is left to do.
    if (!ok) (void)database_->run("ROLLBACK");
    if (ok) there_ = std::move(wanted);
    return ok;
  }

 private:
  base::Result<Loaded> open(std::size_t rows_max) {
    database_.reset();
    there_.clear();
    auto database = open_sqlite_file(path_, kSchema);
    if (!database) return tl::unexpected(database.error());
    Loaded loaded;
    std::size_t wrong = 0;
    auto ok = for_each_row(
        *database,
        ("SELECT id, kind, peers, seen_by, since_ms, until_ms, last_seen_ms,"
         " end_unknown, actions FROM partition ORDER BY id DESC LIMIT " +
         std::to_string(rows_max))
            .c_str(),
        [&](const SqliteStatement& row) {
          auto read = row_of(row);
          if (read) {
            loaded.rows.push_back(std::move(*read));
          } else {
            ++wrong;
          }
        });
    if (!ok) {
      // The file is sound, as open_sqlite_file() has seen: it is no table of
      // ours.
      ok.error().code = base::ErrorCode::kMalformed;
      return tl::unexpected(ok.error());
    }
    // So that what is beyond the limit, or wrong, goes with the next keep().
    ok = for_each_row(*database, "SELECT id FROM partition",
                      [&](const SqliteStatement& row) {
                        there_[static_cast<std::uint64_t>(row.number(0))] = {};
                      });
    if (!ok) return tl::unexpected(ok.error());
    ok = for_each_row(*database, "SELECT max(largest_id) FROM numbering",
                      [&](const SqliteStatement& row) {
                        loaded.largest_id = static_cast<std::uint64_t>(
                            std::max<std::int64_t>(row.number(0), 0));
                      });
    if (!ok) {
      ok.error().code = base::ErrorCode::kMalformed;
      return tl::unexpected(ok.error());
    }
    std::reverse(loaded.rows.begin(), loaded.rows.end());
    for (const PartitionRow& row : loaded.rows) there_[row.entry.id] = row;
    if (wrong > 0) {
      loaded.lost =
          path_ + " has records that cannot be read: " + std::to_string(wrong);
    }
    database_.emplace(std::move(*database));
    return loaded;
  }

  // What differs from what is there.
  base::Status write(const std::map<std::uint64_t, PartitionRow>& wanted) {
    auto gone = database_->prepare("DELETE FROM partition WHERE id = ?1");
    if (!gone) return tl::unexpected(gone.error());
    for (const auto& [id, row] : there_) {
      if (wanted.contains(id)) continue;
      gone->bind(1, static_cast<std::int64_t>(id));
      if (auto ok = finish(*database_, *gone); !ok) return ok;
    }
    auto put = database_->prepare(
        "INSERT OR REPLACE INTO partition"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    if (!put) return tl::unexpected(put.error());
    for (const auto& [id, row] : wanted) {
      const auto before = there_.find(id);
      if (before != there_.end() && before->second == row) continue;
      if (auto ok = write(*put, row); !ok) return ok;
    }
    return write_largest(wanted.empty() ? 0 : wanted.rbegin()->first);
  }

  // What was shown by a number is never another record's.
  base::Status write_largest(std::uint64_t id) {
    auto raise = database_->prepare(
        "UPDATE numbering SET largest_id = max(largest_id, ?1)");
    if (!raise) return tl::unexpected(raise.error());
    raise->bind(1, static_cast<std::int64_t>(id));
    return finish(*database_, *raise);
  }

  base::Status write(SqliteStatement& put, const PartitionRow& row) {
    const model::PartitionEntry& entry = row.entry;
    const std::string peers = names_text(entry.peers);
    const std::string seen_by = names_text(entry.seen_by);
    const std::string actions = text_of(entry.actions);
    put.bind(1, static_cast<std::int64_t>(entry.id));
    put.bind(2, entry.kind);
    put.bind(3, peers);
    put.bind(4, seen_by);
    put.bind(5, to_ms(entry.since));
    if (entry.until) {
      put.bind(6, to_ms(*entry.until));
    } else {
      put.bind_null(6);
    }
    put.bind(7, to_ms(row.last_seen));
    put.bind(8, std::int64_t{entry.end_unknown});
    put.bind(9, actions);
    return finish(*database_, put);
  }

  const std::string path_;
  std::optional<Sqlite> database_;
  // As committed; a row that could not be read, or is too old, is empty.
  std::map<std::uint64_t, PartitionRow> there_;
};

}  // namespace

std::unique_ptr<PartitionStore> make_sqlite_partition_store(
    const std::string& data_directory) {
  return std::make_unique<SqlitePartitionStore>(data_directory);
}

}  // namespace waypost::store

#include "namesrv/store/partition_store.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <unistd.h>

namespace waypost::store {
namespace {

namespace fs = std::filesystem;
using model::PeerName;
using Rows = std::vector<PartitionRow>;

constexpr std::size_t kMax = 200;

struct PartitionDirectory {
  PartitionDirectory() {
    std::string name =
        (fs::temp_directory_path() / "partitions-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~PartitionDirectory() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  // As a new process would find it.
  base::Result<PartitionStore::Loaded> reload(std::size_t max = kMax) const {
    return make_sqlite_partition_store(path)->load(max);
  }
  void keep(const Rows& rows) const {
    const auto store = make_sqlite_partition_store(path);
    REQUIRE(store->load(kMax).has_value());
    REQUIRE(store->keep(rows).has_value());
  }
  std::string file() const { return path + "/partitions.db"; }
  // Runs SQL on the closed database.
  void edit(const char* sql) const {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(file().c_str(), &database) == SQLITE_OK);
    REQUIRE(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) ==
            SQLITE_OK);
    sqlite3_close(database);
  }
  std::string path;
};

base::WallTime at(std::int64_t seconds) {
  return base::WallTime(std::chrono::seconds(1'700'000'000 + seconds));
}

PartitionRow over(std::uint64_t id) {
  return {{id,
           "partition",
           {PeerName("a"), PeerName("b \xc3\xa4 '\"")},
           {PeerName("c")},
           at(0),
           at(60),
           {"paused: too few", "resumed"},
           true},
          at(50)};
}

PartitionRow open(std::uint64_t id) {
  return {{id, "loss", {PeerName("a")}, {}, at(100), {}, {}, false}, at(110)};
}

TEST_CASE("partitions are there again after a restart, and can be cleared") {
  const PartitionDirectory directory;
  {
    const auto store = make_sqlite_partition_store(directory.path);
    CHECK_FALSE(store->keep({over(3)}).has_value());  // not loaded
    CHECK(store->load(kMax)->rows.empty());
    REQUIRE(store->keep({over(3)}).has_value());
    REQUIRE(store->keep({over(3), open(7)}).has_value());
  }
  CHECK(directory.reload()->rows == Rows{over(3), open(7)});
  CHECK(directory.reload()->lost.empty());
  {
    // What changes, and what goes.
    const auto store = make_sqlite_partition_store(directory.path);
    REQUIRE(store->load(kMax).has_value());
    auto ended = open(7);
    ended.entry.until = at(120);
    REQUIRE(store->keep({over(3), ended}).has_value());
    CHECK(directory.reload().has_value() == false);  // one process at a time
    REQUIRE(store->keep({ended}).has_value());
    REQUIRE(store->keep({open(7)}).has_value());
  }
  CHECK(directory.reload()->rows == Rows{open(7)});
  directory.keep({});
  CHECK(directory.reload()->rows.empty());
}

TEST_CASE("numbers rise also when all is cleared before a restart") {
  const PartitionDirectory directory;
  CHECK(directory.reload()->largest_id == 0);
  directory.keep({over(3), over(7)});
  directory.keep({over(3)});
  CHECK(directory.reload()->largest_id == 7);
  directory.keep({});
  CHECK(directory.reload()->rows.empty());
  CHECK(directory.reload()->largest_id == 7);
  // A file of the program before this one.
  directory.edit("DROP TABLE numbering; PRAGMA user_version = 1");
  directory.edit(
      "INSERT INTO partition VALUES(12, 'loss', '[]', '[]', 1, 2, 1,"
      " 0, '[]')");
  CHECK(directory.reload()->largest_id == 12);
}

TEST_CASE("no more than asked for are read, and the rest goes") {
  const PartitionDirectory directory;
  Rows rows;
  for (std::uint64_t id = 1; id <= 9; ++id) rows.push_back(over(id));
  directory.keep(rows);
  {
    const auto store = make_sqlite_partition_store(directory.path);
    const auto loaded = store->load(2);
    REQUIRE(loaded.has_value());
    CHECK(loaded->rows == Rows{over(8), over(9)});
    REQUIRE(store->keep(loaded->rows).has_value());
  }
  CHECK(directory.reload()->rows == Rows{over(8), over(9)});
}

TEST_CASE("a file that is no database is told of, set aside and made anew") {
  const PartitionDirectory directory;
  std::ofstream(directory.file()) << std::string(5000, 'x');
  {
    const auto store = make_sqlite_partition_store(directory.path);
    const auto loaded = store->load(kMax);
    REQUIRE_FALSE(loaded.has_value());
    CHECK(loaded.error().code == base::ErrorCode::kMalformed);
    CHECK(loaded.error().advice.find("partitions.db.unreadable") !=
          std::string::npos);
    CHECK(store->keep({over(1)}).has_value());
  }
  CHECK(directory.reload()->rows == Rows{over(1)});
  CHECK(fs::file_size(directory.file() + ".unreadable") == 5000);
}

TEST_CASE("a table that is gone is told of, and kept anew") {
  const PartitionDirectory directory;
  directory.keep({over(1)});
  directory.edit("DROP TABLE partition");
  {
    const auto store = make_sqlite_partition_store(directory.path);
    const auto loaded = store->load(kMax);
    REQUIRE_FALSE(loaded.has_value());
    CHECK(loaded.error().message.find("no such table") != std::string::npos);
    CHECK(store->keep({over(2)}).has_value());
  }
  CHECK(directory.reload()->rows == Rows{over(2)});
}

TEST_CASE("records that somebody else wrote are left out and told of") {
  const PartitionDirectory directory;
  directory.keep({over(1), over(2), open(3)});
  directory.edit("UPDATE partition SET peers = '[1' WHERE id = 2");
  const auto loaded = directory.reload();
  REQUIRE(loaded.has_value());
  CHECK(loaded->rows == Rows{over(1), open(3)});
  CHECK(
      loaded->lost.ends_with("partitions.db has records that cannot be "
                             "read: 1"));
}

TEST_CASE("a newer program's file is left alone") {
  const PartitionDirectory directory;
  directory.keep({over(1)});
  directory.edit("PRAGMA user_version = 99");
  const auto store = make_sqlite_partition_store(directory.path);
  const auto loaded = store->load(kMax);
  REQUIRE_FALSE(loaded.has_value());
  CHECK(loaded.error().code == base::ErrorCode::kUnsupported);
  CHECK_FALSE(store->keep({over(2)}).has_value());
  directory.edit("PRAGMA user_version = 2");
  CHECK(directory.reload()->rows == Rows{over(1)});
}

}  // namespace
}  // namespace waypost::store

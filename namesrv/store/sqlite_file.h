#ifndef WAYPOST_NAMESRV_STORE_SQLITE_FILE_H_
#define WAYPOST_NAMESRV_STORE_SQLITE_FILE_H_

// A database file of ours: made, brought up to date, checked, or set aside.

#include <cstdint>
#include <span>
#include <string>

#include "base/clock.h"
#include "namesrv/store/sqlite.h"

namespace waypost::store {

struct SqliteSchema {
  std::int64_t application_id = 0;  // another program's file is left alone
  // What makes version N + 1 of version N. Only to be added to.
  std::span<const char* const> migrations;
};

// Opens the file, or makes it, and brings it to the newest version, in one
// transaction; commits are on the disk when they return. kMalformed: damaged,
// or no database; kUnsupported: a newer version's or another program's, which
// is not touched.
base::Result<Sqlite> open_sqlite_file(const std::string& path,
                                      const SqliteSchema& schema);

// Moves a file that cannot be read and its log to `path`.unreadable, for
// somebody to look at. Returns `error` as kMalformed, with that and
// `consequence` as its advice.
base::Error set_aside_sqlite_file(const std::string& path, base::Error error,
                                  const std::string& consequence);

std::int64_t to_ms(base::WallTime time);
base::WallTime wall_time(std::int64_t ms);

// Runs a statement to its end; it may be bound and run again after it.
base::Status finish(Sqlite& database, SqliteStatement& statement);

// Calls `use` for each row.
template <typename Use>
base::Status for_each_row(Sqlite& database, const char* sql, Use&& use) {
  auto statement = database.prepare(sql);
  if (!statement) return tl::unexpected(statement.error());
  for (;;) {
    const int code = statement->step();
    if (code == SQLITE_DONE) return {};
    if (code != SQLITE_ROW) return tl::unexpected(database.error("read"));
    use(*statement);
  }
}

}  // namespace waypost::store

#endif  // WAYPOST_NAMESRV_STORE_SQLITE_FILE_H_

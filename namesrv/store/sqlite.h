#ifndef WAYPOST_NAMESRV_STORE_SQLITE_H_
#define WAYPOST_NAMESRV_STORE_SQLITE_H_

// As much of SQLite as the store needs, with our errors and our lifetimes.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "base/error.h"

namespace waypost::store {

// One prepared statement. Parameters count from 1, columns from 0.
class SqliteStatement {
 public:
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}

  // The bytes must stay until the statement has run.
  void bind(int parameter, std::string_view bytes);
  void bind(int parameter, std::int64_t number);
  void bind_null(int parameter);

  // SQLITE_ROW, SQLITE_DONE, or an error.
  int step() { return sqlite3_step(statement_.get()); }
  // To be run anew, with new parameters.
  void reset();

  std::string bytes(int column) const;
  std::int64_t number(int column) const;
  bool is_null(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const {
      sqlite3_finalize(statement);
    }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// A database file. Calls may come from any thread, but not overlap.
class Sqlite {
 public:
  // Opens the file, or makes it. Errors of this class are kMalformed when the
  // file is damaged or no database at all, else kInternal.
  static base::Result<Sqlite> open(const std::string& path);

  base::Result<SqliteStatement> prepare(std::string_view sql);
  // Runs statements that give no rows.
  base::Status run(const char* sql);
  // Runs one that gives one row of one number, or of one text.
  base::Result<std::int64_t> number(std::string_view sql);
  base::Result<std::string> text(std::string_view sql);

  // What SQLite says went wrong last.
  base::Error error(std::string_view what) const;

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
  };
  Sqlite(std::unique_ptr<sqlite3, Close> database, std::string path)
      : database_(std::move(database)), path_(std::move(path)) {}

  std::unique_ptr<sqlite3, Close> database_;
  std::string path_;
};

}  // namespace waypost::store

#endif  // WAYPOST_NAMESRV_STORE_SQLITE_H_

#include "namesrv/store/sqlite.h"

#include <utility>

namespace waypost::store {
namespace {

base::Error error_of(sqlite3* database, std::string_view what,
                     const std::string& path) {
  const int code =
      database == nullptr ? SQLITE_NOMEM : sqlite3_errcode(database);
  const bool damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
  const std::string why = database == nullptr
                              ? std::string(sqlite3_errstr(code))
                              : std::string(sqlite3_errmsg(database));
  return {damaged ? base::ErrorCode::kMalformed : base::ErrorCode::kInternal,
          "cannot " + std::string(what) + " " + path + ": " + why,
          code == SQLITE_FULL ? "make room on that disk" : ""};
}

}  // namespace

void SqliteStatement::bind(int parameter, std::string_view bytes) {
  // A null pointer would bind NULL.
  sqlite3_bind_blob64(statement_.get(), parameter,
                      bytes.empty() ? "" : bytes.data(), bytes.size(),
                      SQLITE_STATIC);
}

void SqliteStatement::bind(int parameter, std::int64_t number) {
  sqlite3_bind_int64(statement_.get(), parameter, number);
}

void SqliteStatement::bind_null(int parameter) {
  sqlite3_bind_null(statement_.get(), parameter);
}

void SqliteStatement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::string SqliteStatement::bytes(int column) const {
  const auto* data =
      static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? std::string()
                         : std::string(data, static_cast<std::size_t>(size));
}

std::int64_t SqliteStatement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

bool SqliteStatement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

base::Result<Sqlite> Sqlite::open(const std::string& path) {
  sqlite3* opened = nullptr;
  constexpr int kFlags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &opened, kFlags, nullptr);
  std::unique_ptr<sqlite3, Close> database(opened);
  if (code != SQLITE_OK) {
    return tl::unexpected(error_of(opened, "open", path));
  }
  return Sqlite(std::move(database), path);
}

base::Error Sqlite::error(std::string_view what) const {
  return error_of(database_.get(), what, path_);
}

base::Result<SqliteStatement> Sqlite::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v2(database_.get(), sql.data(),
                         static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return tl::unexpected(error("use"));
  return SqliteStatement(statement);
}

base::Status Sqlite::run(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) !=
      SQLITE_OK) {
    return tl::unexpected(error("use"));
  }
  return {};
}

base::Result<std::int64_t> Sqlite::number(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return tl::unexpected(statement.error());
  if (statement->step() != SQLITE_ROW) return tl::unexpected(error("read"));
  return statement->number(0);
}

base::Result<std::string> Sqlite::text(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return tl::unexpected(statement.error());
  if (statement->step() != SQLITE_ROW) return tl::unexpected(error("read"));
  return statement->bytes(0);
}

}  // namespace waypost::store

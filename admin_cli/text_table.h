#ifndef WAYPOST_ADMIN_CLI_TEXT_TABLE_H_
#define WAYPOST_ADMIN_CLI_TEXT_TABLE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace waypost::admin {

// Rows in aligned columns, for people. Texts of peers may be anything; what a
// terminal could take for a command is replaced before it is printed.
class TextTable {
 public:
  enum class Align : std::uint8_t { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit TextTable(std::vector<Column> columns)
      : columns_(std::move(columns)) {}

  // One text for each column; an empty one is shown as "-".
  void add_row(std::vector<std::string> cells);

  // Title line and rows, two blanks between columns, no blanks at line ends.
  std::string to_string() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// `text` without control characters ('?' stands for each), so that a peer
// cannot steer the terminal.
std::string printable(std::string_view text);

// How long something lasted, short: "250ms", "4.2s", "3m20s", "5h02m", "3d04h".
std::string duration_text(base::Duration duration);

// "1 broker", "4 brokers".
std::string counted(std::size_t count, std::string_view noun);

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_TEXT_TABLE_H_

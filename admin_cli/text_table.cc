#include "admin_cli/text_table.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "base/assert.h"

namespace waypost::admin {
namespace {

constexpr std::string_view kGap = "  ";

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80;
}

// Columns that a UTF-8 text takes; wide characters are not known.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::string padded(const std::string& text, std::size_t width,
                   TextTable::Align align) {
  const std::string blanks(width - std::min(width, width_of(text)), ' ');
  return align == TextTable::Align::kLeft ? text + blanks : blanks + text;
}

std::string two_units(std::int64_t large, const char* large_unit,
                      std::int64_t small, const char* small_unit) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%lld%s%02lld%s",
                static_cast<long long>(large), large_unit,
                static_cast<long long>(small), small_unit);
  return text.data();
}

}  // namespace

void TextTable::add_row(std::vector<std::string> cells) {
  WAYPOST_ASSERT(cells.size() == columns_.size());
  for (std::string& cell : cells) {
    cell = cell.empty() ? "-" : printable(cell);
  }
  rows_.push_back(std::move(cells));
}

std::string TextTable::to_string() const {
  std::vector<std::size_t> widths;
  std::vector<std::string> titles;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = width_of(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, width_of(row[i]));
    widths.push_back(width);
    titles.push_back(columns_[i].title);
  }
  std::string text;
  const auto add_line = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) line += kGap;
      line += padded(cells[i], widths[i], columns_[i].align);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  add_line(titles);
  for (const auto& row : rows_) add_line(row);
  return text;
}

std::string printable(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const unsigned next =
        i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if (byte < 0x20 || byte == 0x7f) {
      clean += '?';
    } else if (byte == 0xc2 && next >= 0x80 && next <= 0x9f) {
      clean += '?';  // U+0080 to U+009F, among them an escape sequence's start
      ++i;
    } else {
      clean += text[i];
    }
  }
  return clean;
}

std::string duration_text(base::Duration duration) {
  const std::int64_t ms = base::to_ms(duration);
  if (ms < 1000) return std::to_string(ms) + "ms";
  if (ms < 60'000) {
    std::array<char, 32> text{};
    const std::int64_t tenths = ms / 100;
    std::snprintf(text.data(), text.size(), "%.1fs",
                  static_cast<double>(tenths) / 10.0);
    return text.data();
  }
  const std::int64_t seconds = ms / 1000;
  if (seconds < 3600) return two_units(seconds / 60, "m", seconds % 60, "s");
  const std::int64_t minutes = seconds / 60;
  if (minutes < 24 * 60) return two_units(minutes / 60, "h", minutes % 60, "m");
  const std::int64_t hours = minutes / 60;
  return two_units(hours / 24, "d", hours % 24, "h");
}

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) +
         (count == 1 ? "" : "s");
}

}  // namespace waypost::admin

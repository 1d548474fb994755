#include "namesrv/handlers/native/kv_page.h"

#include <doctest/doctest.h>

namespace waypost::handlers {
namespace {

store::KvTable table_of(const std::vector<model::KvEntry>& entries) {
  store::KvTable table;
  for (const model::KvEntry& entry : entries) {
    table.apply({entry.name_space, entry.key, entry.value, false});
  }
  return table;
}

// All entries, page after page.
std::vector<model::KvEntry> walk(const store::KvTable& table,
                                 model::KvListRequest request,
                                 std::uint32_t limit) {
  std::vector<model::KvEntry> all;
  for (int pages = 0; pages < 1000; ++pages) {
    const auto page = page_of(table, request, limit);
    REQUIRE(page);
    CHECK(page->entries.size() <= limit);
    all.insert(all.end(), page->entries.begin(), page->entries.end());
    if (page->next.empty()) return all;
    request.after = page->next;
  }
  FAIL("the pages do not end");
  return {};
}

// Names that a token must not confuse.
const std::vector<model::KvEntry> kEntries = {
    {"", "", "nothing"},
    {"", ":", "1"},
    {"1", ":a", "2"},
    {"1:", "a", "3"},
    {"10:", "a", "4"},
    {std::string("a\0b", 3), "k", "5"},
    {"a", std::string("\0b", 2), "6"},
    {"b", "", ""},
    {"\xff", "\xfe", "\xfd"},
};

TEST_CASE("pages of any size hold every entry once, whatever its name") {
  const store::KvTable table = table_of(kEntries);
  const auto whole = walk(table, {}, 1000);
  CHECK(whole.size() == kEntries.size());
  for (std::uint32_t limit = 1; limit < 12; ++limit) {
    CHECK(walk(table, {}, limit) == whole);
  }
}

TEST_CASE("one namespace is listed alone, also one that is not there") {
  const store::KvTable table = table_of(kEntries);
  model::KvListRequest request;
  request.name_space = "1";
  CHECK(walk(table, request, 1) ==
        std::vector<model::KvEntry>{{"1", ":a", "2"}});
  request.name_space = "";
  CHECK(walk(table, request, 1).size() == 2);
  request.name_space = "none";
  CHECK(walk(table, request, 1).empty());
}

TEST_CASE("a page ends by its bytes, and one large entry is a page") {
  const std::string value(kKvPageMaxBytes / 2, 'v');
  const std::string larger(kKvPageMaxBytes + 1, 'v');
  const store::KvTable table =
      table_of({{"n", "a", value}, {"n", "b", value}, {"n", "c", larger}});
  auto page = page_of(table, {}, 1000);
  REQUIRE(page);
  CHECK(page->entries.size() == 1);
  page = page_of(table, {{}, page->next, 0}, 1000);
  CHECK(page->entries.size() == 1);
  CHECK(walk(table, {}, 1000).size() == 3);
}

TEST_CASE("an entry that goes meanwhile does not end the listing") {
  store::KvTable table =
      table_of({{"n", "a", ""}, {"n", "b", ""}, {"o", "c", ""}});
  const auto page = page_of(table, {}, 1);
  REQUIRE(page);
  table.apply({"n", "a", std::nullopt, false});
  table.apply({"n", "b", std::nullopt, false});
  const auto rest = page_of(table, {{}, page->next, 0}, 10);
  REQUIRE(rest);
  CHECK(rest->entries == std::vector<model::KvEntry>{{"o", "c", ""}});
}

TEST_CASE("a token that is none is refused") {
  const store::KvTable table = table_of(kEntries);
  for (const char* token :
       {":", "x", "-1:a", "3:ab", "99999999999999999999999:", "1"}) {
    CAPTURE(token);
    const auto page = page_of(table, {{}, token, 0}, 10);
    REQUIRE_FALSE(page);
    CHECK(page.error().code == base::ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace waypost::handlers

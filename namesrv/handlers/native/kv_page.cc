// A page's token names its last entry: the length of the namespace in decimal
// digits, ':', the namespace, the key. Names are any bytes.

#include "namesrv/handlers/native/kv_page.h"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace waypost::handlers {
namespace {

struct Place {
  std::string name_space;
  std::string key;
};

std::string token_of(const model::KvEntry& entry) {
  return std::to_string(entry.name_space.size()) + ':' + entry.name_space +
         entry.key;
}

std::optional<Place> read_token(std::string_view token) {
  std::size_t length = 0;
  const auto [end, wrong] =
      std::from_chars(token.data(), token.data() + token.size(), length);
  const auto digits = static_cast<std::size_t>(end - token.data());
  if (wrong != std::errc() || digits >= token.size() || token[digits] != ':') {
    return std::nullopt;
  }
  token.remove_prefix(digits + 1);
  if (length > token.size()) return std::nullopt;
  return Place{std::string(token.substr(0, length)),
               std::string(token.substr(length))};
}

// Collects entries up to the limits.
class Page {
 public:
  explicit Page(std::uint32_t limit) : limit_(limit) {}

  // False: the page was full before this entry.
  bool add(const std::string& name_space, const std::string& key,
           const std::string& value) {
    auto& entries = page_.entries;
    bytes_ += name_space.size() + key.size() + value.size();
    const bool full = entries.size() >= limit_ || bytes_ > kKvPageMaxBytes;
    if (full && !entries.empty()) {
      page_.next = token_of(entries.back());
      return false;
    }
    entries.push_back({name_space, key, value});
    return true;
  }
  model::KvPage take() { return std::move(page_); }

 private:
  const std::uint32_t limit_;
  std::size_t bytes_ = 0;
  model::KvPage page_;
};

}  // namespace

base::Result<model::KvPage> page_of(const store::KvTable& table,
                                    const model::KvListRequest& request,
                                    std::uint32_t limit) {
  std::optional<Place> after;
  if (!request.after.empty()) {
    after = read_token(request.after);
    if (!after) {
      return base::fail(base::ErrorCode::kInvalidArgument,
                        "the page token is none of this nameserver's",
                        "list from the beginning");
    }
  }
  Page page(limit);
  const auto& all = table.namespaces();
  auto at = all.begin();
  if (request.name_space) {
    at = all.find(*request.name_space);
  } else if (after) {
    at = all.lower_bound(after->name_space);
  }
  for (; at != all.end(); ++at) {
    const store::KvNamespace& entries = *at->second;
    const bool begun = after && after->name_space == at->first;
    for (auto entry = begun ? entries.upper_bound(after->key) : entries.begin();
         entry != entries.end(); ++entry) {
      if (!page.add(at->first, entry->first, entry->second)) return page.take();
    }
    if (request.name_space) break;
  }
  return page.take();
}

model::OverridePage page_of(const Overrides& all,
                            const model::PageRequest& request,
                            std::uint32_t limit) {
  model::OverridePage page;
  auto at = request.after.empty()
                ? all.lower_bound(model::BrokerName(request.prefix))
                : all.upper_bound(model::BrokerName(request.after));
  for (; at != all.end(); ++at) {
    if (!at->first.value().starts_with(request.prefix)) break;
    if (page.overrides.size() >= limit) {
      page.next = page.overrides.back().broker_name.value();
      break;
    }
    page.overrides.push_back(at->second);
  }
  return page;
}

}  // namespace waypost::handlers

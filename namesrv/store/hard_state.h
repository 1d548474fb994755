#ifndef WAYPOST_NAMESRV_STORE_HARD_STATE_H_
#define WAYPOST_NAMESRV_STORE_HARD_STATE_H_

// What a nameserver must not forget: the key-value configuration and the
// operators' permission overrides. Everything else the brokers repeat.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "wire/model/configuration.h"

namespace waypost::store {

using KvNamespace = std::map<std::string, std::string, std::less<>>;

// The key-value configuration by namespace. Copies share the namespaces, which
// are immutable. A namespace stays when its last entry goes, as in RocketMQ.
class KvTable {
 public:
  // Null when there is no such namespace.
  const KvNamespace* find(std::string_view name_space) const;
  // Null when there is no such entry.
  const std::string* find(std::string_view name_space,
                          std::string_view key) const;
  // By name.
  using Namespaces =
      std::map<std::string, std::shared_ptr<KvNamespace>, std::less<>>;
  const Namespaces& namespaces() const { return namespaces_; }

  std::size_t entry_count() const { return entries_; }
  // Of names, keys and values.
  std::size_t byte_count() const { return bytes_; }

  void apply(const model::KvChange& change);

 private:
  static KvNamespace& edit(std::shared_ptr<KvNamespace>& shared);

  Namespaces namespaces_;
  std::size_t entries_ = 0;
  std::size_t bytes_ = 0;
};

// One version of it all; immutable once shared.
struct HardState {
  KvTable kv;
  std::map<model::BrokerName, model::PermissionOverride> overrides;
};

// Takes the override of a broker group away.
struct ClearOverride {
  model::BrokerName broker_name;
};
using Change =
    std::variant<model::KvChange, model::PermissionOverride, ClearOverride>;

void apply(HardState& state, const Change& change);

struct HardStateLimits {
  std::int64_t entries_max = 20'000;  // namespaces count as entries
  std::size_t bytes_max = 32UL * 1024 * 1024;
  std::size_t name_bytes_max = 1024;  // of a namespace, a key, an owner
  std::size_t value_bytes_max = 256UL * 1024;
  std::size_t overrides_max = 10'000;
};
// Whether the change may be applied to the state; kTooLarge or
// kInvalidArgument, in words. What takes away is always welcome.
base::Status check(const HardState& state, const Change& change,
                   const HardStateLimits& limits);

// Where hard state is kept: SQLite for one nameserver (sqlite_state_store.h).
// Calls may block and must not overlap.
class HardStateStore {
 public:
  virtual ~HardStateStore() = default;

  // An Error says what was found instead and what was done about it; after
  // kMalformed the caller may go on with an empty state and commit() works,
  // after any other code it may not.
  virtual base::Result<HardState> load() = 0;

  // All of the changes, in their order, or none. When it returns well they are
  // on the disk.
  virtual base::Status commit(const std::vector<Change>& changes) = 0;
};

}  // namespace waypost::store

#endif  // WAYPOST_NAMESRV_STORE_HARD_STATE_H_

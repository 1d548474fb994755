#include "namesrv/registry/topic_names.h"

#include <string>

#include "base/assert.h"

namespace waypost::registry {

const InternedName* TopicNames::acquire(std::string_view name) {
  const Lookup lookup{name, model::hash_bytes(name)};
  auto found = names_.find(lookup);
  if (found == names_.end()) {
    found = names_
                .insert(InternedName{model::TopicName(std::string(name)),
                                     lookup.hash, 0})
                .first;
  }
  ++found->references;
  return &*found;
}

void TopicNames::release(const InternedName* name) {
  WAYPOST_ASSERT(name->references > 0);
  if (--name->references > 0) return;
  names_.erase(names_.find(Lookup{name->text(), name->hash}));
}

}  // namespace waypost::registry

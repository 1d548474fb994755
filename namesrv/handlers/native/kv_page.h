#ifndef WAYPOST_NAMESRV_HANDLERS_NATIVE_KV_PAGE_H_
#define WAYPOST_NAMESRV_HANDLERS_NATIVE_KV_PAGE_H_

#include <cstddef>
#include <cstdint>
#include <map>

#include "base/error.h"
#include "namesrv/service/published_table.h"
#include "wire/model/administration.h"
#include "wire/model/operations.h"

namespace waypost::handlers {

// A page ends after this many bytes of names and values, however few entries
// that are; a larger entry is a page of its own.
inline constexpr std::size_t kKvPageMaxBytes = 1024 * 1024;

// The entries after the request's token, at most `limit`, by namespace and key.
// kInvalidArgument for a token that is none of ours.
base::Result<model::KvPage> page_of(const store::KvTable& table,
                                    const model::KvListRequest& request,
                                    std::uint32_t limit);

// The overrides after the request's token, at most `limit`, by broker name.
using Overrides = std::map<model::BrokerName, model::PermissionOverride>;
model::OverridePage page_of(const Overrides& all,
                            const model::PageRequest& request,
                            std::uint32_t limit);

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_NATIVE_KV_PAGE_H_

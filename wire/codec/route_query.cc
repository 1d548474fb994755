// The nameserver's hottest input: a route query, read in place.

#include "wire/codec/native.h"
#include "wire/codec/payload.h"

namespace waypost::codec {
namespace {

using Items = flatbuffers::Vector<flatbuffers::Offset<wire::RouteQueryItem>>;

base::Status refuse(base::ErrorCode code, std::string why) {
  return base::fail(code, "route query: " + std::move(why));
}

// Nothing is copied, but each name will be hashed: a million references to one
// long name are work out of proportion to the bytes that asked for it.
base::Status check_items(const Items& items, std::size_t payload_bytes,
                         const DecodeLimits& limits) {
  DecodeBudget budget(payload_bytes, limits);
  if (!budget.take_elements(items.size())) {
    return refuse(base::ErrorCode::kTooLarge,
                  std::to_string(items.size()) + " topics in one query");
  }
  for (const wire::RouteQueryItem* item : items) {
    if (item->topic() == nullptr) {
      return refuse(base::ErrorCode::kMalformed, "a topic has no name");
    }
    if (!budget.take_bytes(item->topic()->size())) {
      return refuse(base::ErrorCode::kTooLarge,
                    "its names unfold to far more than was sent");
    }
  }
  return {};
}

}  // namespace

base::Status visit_route_query(Bytes payload, RouteQueryVisitor& visitor,
                               const DecodeLimits& limits) {
  const AlignedPayload aligned(payload);
  const auto* query = aligned.verified_root<wire::RouteQueryRequest>(limits);
  if (query == nullptr) return tl::unexpected(not_a_valid("route query"));
  const Items* items = query->topics();
  if (items == nullptr) return {};
  if (auto checked = check_items(*items, payload.size(), limits); !checked) {
    return checked;
  }
  for (const wire::RouteQueryItem* item : *items) {
    visitor.visit({item->topic()->c_str(), item->topic()->size()},
                  from_wire(item->known()));
  }
  return {};
}

}  // namespace waypost::codec

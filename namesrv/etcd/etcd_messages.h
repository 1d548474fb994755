#ifndef WAYPOST_NAMESRV_ETCD_ETCD_MESSAGES_H_
#define WAYPOST_NAMESRV_ETCD_ETCD_MESSAGES_H_

// etcd's v3 API as its HTTP/JSON gateway speaks it (etcd 3.4 and later, paths
// under /v3): 64-bit numbers are decimal texts, keys and values are base64,
// fields that are zero are left out. Only what a lease needs. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "namesrv/etcd/http_response.h"

namespace waypost::etcd {

inline constexpr const char* kGrantPath = "/v3/lease/grant";
inline constexpr const char* kKeepAlivePath = "/v3/lease/keepalive";
inline constexpr const char* kRevokePath = "/v3/lease/revoke";
inline constexpr const char* kTxnPath = "/v3/kv/txn";
inline constexpr const char* kAuthenticatePath = "/v3/auth/authenticate";

// RFC 4648, with padding.
std::string base64(std::string_view bytes);
// kMalformed for anything else.
base::Result<std::string> from_base64(std::string_view text);

struct LeaseGrant {
  std::int64_t id = 0;
  std::int64_t ttl_seconds = 0;
};
std::string grant_request(std::int64_t ttl_seconds);
base::Result<LeaseGrant> read_grant(const HttpResponse& response);

// Creates the key with the value, bound to the lease, if nobody has it.
std::string create_request(std::string_view key, std::string_view value,
                           std::int64_t lease);
struct CreateOutcome {
  bool created = false;
  // Of who has it, when it was there.
  std::string value;
  std::int64_t lease = 0;
};
base::Result<CreateOutcome> read_create(const HttpResponse& response);

// A transaction that asks for the same permissions, and never changes
// anything. etcd looks at permissions first.
std::string trial_request(std::string_view key);
base::Status read_trial(const HttpResponse& response);

// The token to send with each question. Empty: this etcd asks nobody who he is.
std::string authenticate_request(std::string_view user,
                                 std::string_view password);
base::Result<std::string> read_authenticate(const HttpResponse& response);
// Nothing was done for want of a token, or because the one that was sent
// expired, was issued before users changed, or before etcd was restarted.
bool wants_token(const HttpResponse& response);

std::string lease_request(std::int64_t lease);  // keepalive and revoke
// Seconds that it lives from now on; 0: there is no such lease any more.
base::Result<std::int64_t> read_keepalive(const HttpResponse& response);
// Revoked, or it was not there.
base::Status read_revoke(const HttpResponse& response);

}  // namespace waypost::etcd

#endif  // WAYPOST_NAMESRV_ETCD_ETCD_MESSAGES_H_

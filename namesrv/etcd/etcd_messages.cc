#include "namesrv/etcd/etcd_messages.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <nlohmann/json.hpp>

namespace waypost::etcd {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// gRPC's codes.
constexpr std::int64_t kNotFound = 5;
constexpr std::int64_t kPermissionDenied = 7;
constexpr std::int64_t kUnauthenticated = 16;
// etcd's words where the code says less (etcdserver/api/v3rpc/rpctypes).
constexpr std::string_view kNoUser = "user name is empty";
constexpr std::string_view kToTls = "HTTP request to an HTTPS server";
constexpr std::string_view kOldUsers = "revision of auth store is old";
constexpr std::string_view kUsersOff = "authentication is not enabled";
constexpr std::string_view kWrongPassword = "invalid user ID or password";

tl::unexpected<base::Error> malformed(const HttpResponse& response,
                                      const char* what) {
  return base::fail(base::ErrorCode::kMalformed,
                    std::string("no answer of etcd's: ") + what + " in '" +
                        response.body.substr(0, 80) + "'",
                    "check that the address is etcd's client port");
}

// As a text, as the gateway writes it, or as a number, as others might.
std::optional<std::int64_t> number_in(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return 0;
  if (found->is_number_integer()) return found->get<std::int64_t>();
  if (!found->is_string()) return std::nullopt;
  const auto& text = found->get_ref<const std::string&>();
  std::int64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

Json parsed(const HttpResponse& response) {
  return Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
}

// What the gateway says when etcd refused.
struct Refusal {
  std::int64_t code = 0;
  std::string why;
  bool says(std::string_view words) const {
    return why.find(words) != std::string::npos;
  }
};

Refusal refusal_of(const HttpResponse& response) {
  Refusal refusal{0, "HTTP status " + std::to_string(response.status)};
  // Go's words, which are no JSON.
  if (response.body.find(kToTls) != std::string::npos) refusal.why = kToTls;
  const Json json = parsed(response);
  if (!json.is_object()) return refusal;
  const auto error = json.find("error");
  if (error != json.end() && error->is_string()) {
    refusal.why = error->get<std::string>().substr(0, 200);
  }
  refusal.code = number_in(json, "code").value_or(0);
  return refusal;
}

std::string advice_for(const Refusal& refusal) {
  if (refusal.code == kPermissionDenied) {
    return "let its user read and write the key of the lease: etcdctl role "
           "grant-permission --prefix ROLE readwrite waypost/lease/";
  }
  if (refusal.says(kToTls)) {
    return "write https:// in cluster.lease-majority.etcd-endpoints";
  }
  if (refusal.says(kNoUser)) {
    return "set cluster.lease-majority.etcd-user and etcd-password-file";
  }
  if (refusal.says(kWrongPassword)) {
    return "check cluster.lease-majority.etcd-user and what "
           "etcd-password-file holds, then restart this nameserver";
  }
  return {};
}

tl::unexpected<base::Error> refused(const HttpResponse& response) {
  const Refusal refusal = refusal_of(response);
  return base::fail(refusal.code == kNotFound ? base::ErrorCode::kNotFound
                    : response.status >= 500  ? base::ErrorCode::kUnavailable
                                              : base::ErrorCode::kDenied,
                    "etcd refused: " + refusal.why, advice_for(refusal));
}

base::Result<Json> answer_of(const HttpResponse& response) {
  if (response.status != 200) return refused(response);
  Json json = parsed(response);
  if (!json.is_object()) return malformed(response, "no object");
  return json;
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group <<= 8;
      if (i + j < bytes.size())
        group |= static_cast<unsigned char>(bytes[i + j]);
    }
    const std::size_t known = std::min<std::size_t>(bytes.size() - i, 3) + 1;
    for (std::size_t j = 0; j < 4; ++j) {
      text += j < known ? kAlphabet[group >> (18 - 6 * j) & 0x3f] : '=';
    }
  }
  return text;
}

base::Result<std::string> from_base64(std::string_view text) {
  const auto wrong = [] {
    return base::fail(base::ErrorCode::kMalformed, "this is no base64");
  };
  if (text.size() % 4 != 0) return wrong();
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t group = 0;
    std::size_t known = 4;
    for (std::size_t j = 0; j < 4; ++j) {
      const auto digit = kAlphabet.find(text[i + j]);
      group <<= 6;
      if (digit != std::string_view::npos && known == 4) {
        group |= static_cast<std::uint32_t>(digit);
      } else if (text[i + j] == '=' && j >= 2 && i + 4 == text.size()) {
        known = std::min(known, j);
      } else {
        return wrong();
      }
    }
    for (std::size_t j = 0; j + 1 < known; ++j) {
      bytes += static_cast<char>(group >> (16 - 8 * j) & 0xff);
    }
  }
  return bytes;
}

std::string grant_request(std::int64_t ttl_seconds) {
  return R"({"TTL":")" + std::to_string(ttl_seconds) + R"("})";
}

base::Result<LeaseGrant> read_grant(const HttpResponse& response) {
  const auto json = answer_of(response);
  if (!json) return tl::unexpected(json.error());
  const auto id = number_in(*json, "ID");
  const auto ttl = number_in(*json, "TTL");
  if (!id || *id == 0 || !ttl || *ttl <= 0) {
    return malformed(response, "no lease");
  }
  return LeaseGrant{*id, *ttl};
}

namespace {

// Puts if the key's create revision compares so to 0, else reads.
std::string put_if(std::string_view key, const char* result, Json put) {
  const std::string name = base64(key);
  Json condition = Json::object();
  condition["key"] = name;
  condition["target"] = "CREATE";
  condition["result"] = result;
  condition["create_revision"] = "0";
  put["request_put"]["key"] = name;
  Json range = Json::object();
  range["request_range"]["key"] = name;
  Json request = Json::object();
  request["compare"] = Json::array({std::move(condition)});
  request["success"] = Json::array({std::move(put)});
  request["failure"] = Json::array({std::move(range)});
  return request.dump();
}

}  // namespace

std::string create_request(std::string_view key, std::string_view value,
                           std::int64_t lease) {
  Json put = Json::object();
  put["request_put"]["value"] = base64(value);
  put["request_put"]["lease"] = std::to_string(lease);
  return put_if(key, "EQUAL", std::move(put));
}

// No revision is below 0.
std::string trial_request(std::string_view key) {
  return put_if(key, "LESS", Json::object());
}

base::Status read_trial(const HttpResponse& response) {
  const auto json = answer_of(response);
  if (!json) return tl::unexpected(json.error());
  if (!json->contains("header")) return malformed(response, "no header");
  return {};
}

std::string authenticate_request(std::string_view user,
                                 std::string_view password) {
  Json request = Json::object();
  request["name"] = user;
  request["password"] = password;
  // Bytes that are no UTF-8 cannot be a password of etcd's.
  return request.dump(-1, ' ', false, Json::error_handler_t::replace);
}

base::Result<std::string> read_authenticate(const HttpResponse& response) {
  if (response.status != 200 && refusal_of(response).says(kUsersOff)) {
    return std::string();
  }
  const auto json = answer_of(response);
  if (!json) return tl::unexpected(json.error());
  const auto found = json->find("token");
  if (found == json->end() || !found->is_string()) {
    return malformed(response, "no token");
  }
  auto token = found->get<std::string>();
  // It becomes a header field.
  const bool printable =
      !token.empty() && std::all_of(token.begin(), token.end(), [](char each) {
        return each > ' ' && each < '\x7f';
      });
  if (!printable) return malformed(response, "no token");
  return token;
}

bool wants_token(const HttpResponse& response) {
  if (response.status < 400 || response.status >= 500) return false;
  const Refusal refusal = refusal_of(response);
  return refusal.code == kUnauthenticated || refusal.says(kNoUser) ||
         refusal.says(kOldUsers);
}

base::Result<CreateOutcome> read_create(const HttpResponse& response) {
  const auto json = answer_of(response);
  if (!json) return tl::unexpected(json.error());
  // Every answer to a transaction carries it; an empty object is none.
  if (!json->contains("header")) return malformed(response, "no header");
  const auto succeeded = json->find("succeeded");
  if (succeeded != json->end()) {
    if (!succeeded->is_boolean()) return malformed(response, "no outcome");
    if (succeeded->get<bool>())
      return CreateOutcome{.created = true, .value = {}};
  }
  const Json::json_pointer first("/responses/0/response_range/kvs/0");
  const Json* const held = json->contains(first) ? &json->at(first) : nullptr;
  if (held == nullptr || !held->is_object() || !held->contains("value") ||
      !held->at("value").is_string()) {
    return malformed(response, "no holder");
  }
  auto value = from_base64(held->at("value").get_ref<const std::string&>());
  const auto lease = number_in(*held, "lease");
  if (!value || !lease) return malformed(response, "no holder");
  return CreateOutcome{false, std::move(*value), *lease};
}

std::string lease_request(std::int64_t lease) {
  return R"({"ID":")" + std::to_string(lease) + R"("})";
}

// A stream of results, of which there is one.
base::Result<std::int64_t> read_keepalive(const HttpResponse& response) {
  auto json = answer_of(response);
  if (!json) {
    if (json.error().code == base::ErrorCode::kNotFound) return 0;
    return tl::unexpected(json.error());
  }
  const auto result = json->find("result");
  if (result == json->end() || !result->is_object()) {
    return malformed(response, "no result");
  }
  const auto ttl = number_in(*result, "TTL");
  const auto id = number_in(*result, "ID");
  if (!id || *id == 0 || !ttl || *ttl < 0) {
    return malformed(response, "no time to live");
  }
  return *ttl;
}

base::Status read_revoke(const HttpResponse& response) {
  const auto json = answer_of(response);
  if (json || json.error().code == base::ErrorCode::kNotFound) return {};
  return tl::unexpected(json.error());
}

}  // namespace waypost::etcd

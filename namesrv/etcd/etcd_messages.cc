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

// gRPC's code for "there is no such thing".
constexpr std::int64_t kNotFound = 5;

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
tl::unexpected<base::Error> refused(const HttpResponse& response) {
  const Json json = parsed(response);
  std::string why = "HTTP status " + std::to_string(response.status);
  bool not_found = false;
  if (json.is_object()) {
    const auto error = json.find("error");
    if (error != json.end() && error->is_string()) {
      why = error->get<std::string>().substr(0, 200);
    }
    not_found = number_in(json, "code") == kNotFound;
  }
  return base::fail(not_found                ? base::ErrorCode::kNotFound
                    : response.status >= 500 ? base::ErrorCode::kUnavailable
                                             : base::ErrorCode::kDenied,
                    "etcd refused: " + why);
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

std::string create_request(std::string_view key, std::string_view value,
                           std::int64_t lease) {
  const std::string name = base64(key);
  Json nobody = Json::object();
  nobody["key"] = name;
  nobody["target"] = "CREATE";
  nobody["result"] = "EQUAL";
  nobody["create_revision"] = "0";
  Json put = Json::object();
  put["request_put"]["key"] = name;
  put["request_put"]["value"] = base64(value);
  put["request_put"]["lease"] = std::to_string(lease);
  Json range = Json::object();
  range["request_range"]["key"] = name;
  Json request = Json::object();
  request["compare"] = Json::array({std::move(nobody)});
  request["success"] = Json::array({std::move(put)});
  request["failure"] = Json::array({std::move(range)});
  return request.dump();
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

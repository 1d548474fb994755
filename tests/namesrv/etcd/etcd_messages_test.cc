// The answers below are what etcd 3.4.23 wrote.
#include "namesrv/etcd/etcd_messages.h"

#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "namesrv/etcd/etcd_client.h"

namespace waypost::etcd {
namespace {

#define HEADER                                                \
  "{\"header\":{\"cluster_id\":\"324952591200643719\","       \
  "\"member_id\":\"3319814642761637952\",\"revision\":\"2\"," \
  "\"raft_term\":\"2\"}"

constexpr const char* kGranted =
    HEADER ",\"ID\":\"2324035551045234181\",\"TTL\":\"120\"}";
constexpr const char* kCreated = HEADER
    ",\"succeeded\":true,\"responses\":[{\"response_put\":"
    "{\"header\":{\"revision\":\"2\"}}}]}";
constexpr const char* kTaken = HEADER
    ",\"responses\":[{\"response_range\":{\"header\":{\"revision\":"
    "\"2\"},\"kvs\":[{\"key\":\"d2F5cG9zdC9sZWFzZS94\",\"create_revision\":"
    "\"2\",\"mod_revision\":\"2\",\"version\":\"1\",\"value\":"
    "\"bnMxL2FiYw==\",\"lease\":\"2324035551045234181\"}],\"count\":\"1\"}}]}";
constexpr const char* kKept =
    "{\"result\":" HEADER ",\"ID\":\"2324035551045234181\",\"TTL\":\"120\"}}\n";
constexpr const char* kLapsed = "{\"result\":" HEADER ",\"ID\":\"12345\"}}\n";
constexpr const char* kRevoked = HEADER "}";
constexpr const char* kNoSuchLease =
    "{\"error\":\"etcdserver: requested lease not found\",\"message\":"
    "\"etcdserver: requested lease not found\",\"code\":5}";
constexpr const char* kBadRequest =
    "{\"error\":\"invalid character 'g' looking for beginning of object key "
    "string\",\"message\":\"invalid character 'g' looking for beginning of "
    "object key string\",\"code\":3}";

#undef HEADER

TEST_CASE("questions are as etcd's gateway reads them") {
  using nlohmann::json;
  CHECK(json::parse(grant_request(120)) == json::parse(R"({"TTL":"120"})"));
  CHECK(json::parse(lease_request(2324035551045234181)) ==
        json::parse(R"({"ID":"2324035551045234181"})"));
  CHECK(json::parse(create_request("waypost/lease/x", "ns1/abc", 42)) ==
        json::parse(R"({
          "compare":[{"key":"d2F5cG9zdC9sZWFzZS94","target":"CREATE",
                      "result":"EQUAL","create_revision":"0"}],
          "success":[{"request_put":{"key":"d2F5cG9zdC9sZWFzZS94",
                      "value":"bnMxL2FiYw==","lease":"42"}}],
          "failure":[{"request_range":{"key":"d2F5cG9zdC9sZWFzZS94"}}]})"));
}

TEST_CASE("what etcd answered is understood") {
  const auto granted = read_grant({200, kGranted});
  CHECK(granted->id == 2324035551045234181);
  CHECK(granted->ttl_seconds == 120);
  CHECK(read_create({200, kCreated})->created);
  const auto taken = read_create({200, kTaken});
  CHECK_FALSE(taken->created);
  CHECK(taken->value == "ns1/abc");
  CHECK(taken->lease == 2324035551045234181);
  CHECK(read_keepalive({200, kKept}).value() == 120);
  CHECK(read_keepalive({200, kLapsed}).value() == 0);
  CHECK(read_revoke({200, kRevoked}));
  CHECK(read_revoke({404, kNoSuchLease}));
}

TEST_CASE("a refusal says what etcd said") {
  const auto refused = read_grant({400, kBadRequest});
  CHECK(refused.error().code == base::ErrorCode::kDenied);
  CHECK(refused.error().message.find("invalid character 'g'") !=
        std::string::npos);
  // A put bound to a lease that has lapsed.
  CHECK(read_create({404, kNoSuchLease}).error().code ==
        base::ErrorCode::kNotFound);
  const auto plain =
      read_grant({400, "Client sent an HTTP request to an HTTPS server.\n"});
  CHECK(plain.error().advice.find("https://") != std::string::npos);
  const auto busy = read_revoke({503, "<html>try later</html>"});
  CHECK(busy.error().code == base::ErrorCode::kUnavailable);
  CHECK(busy.error().message.find("503") != std::string::npos);
}

HttpResponse refusal(int status, int code, const std::string& why) {
  return {status, "{\"error\":\"etcdserver: " + why +
                      "\",\"message\":\"etcdserver: " + why +
                      "\",\"code\":" + std::to_string(code) + "}"};
}

TEST_CASE("users, passwords and tokens") {
  using nlohmann::json;
  CHECK(json::parse(authenticate_request("way\"post", "p\xc3\xa4ss")) ==
        json::parse(R"({"name":"way\"post","password":"päss"})"));
  CHECK(json::parse(authenticate_request("a", "\xff")).contains("password"));
  CHECK(read_authenticate({200, R"({"header":{},"token":"zoWmizn.13"})"})
            .value() == "zoWmizn.13");
  // As before there are any.
  CHECK(read_authenticate(refusal(412, 9, "authentication is not enabled"))
            .value()
            .empty());
  const auto wrong = read_authenticate(
      refusal(400, 3, "authentication failed, invalid user ID or password"));
  CHECK(wrong.error().advice.find("etcd-password-file") != std::string::npos);
  const auto denied = read_create(refusal(403, 7, "permission denied"));
  CHECK(denied.error().code == base::ErrorCode::kDenied);
  CHECK(denied.error().advice.find("grant-permission") != std::string::npos);
  CHECK(read_create(refusal(400, 3, "user name is empty"))
            .error()
            .advice.find("etcd-user") != std::string::npos);
  // What would break the next question's head is no token.
  for (const char* body :
       {"{}", R"({"token":""})", R"({"token":7})", R"({"token":"a b"})",
        R"({"token":"a\r\nX: y"})", R"({"token":"\u00e4"})", "[]", ""}) {
    CAPTURE(body);
    CHECK(read_authenticate({200, body}).error().code ==
          base::ErrorCode::kMalformed);
  }

  CHECK(wants_token(refusal(401, 16, "invalid auth token")));
  CHECK(wants_token(refusal(400, 3, "user name is empty")));
  CHECK(wants_token(refusal(400, 3, "revision of auth store is old")));
  CHECK_FALSE(wants_token(refusal(403, 7, "permission denied")));
  CHECK_FALSE(wants_token({200, "{\"error\":\"user name is empty\"}"}));
  CHECK_FALSE(wants_token(refusal(503, 16, "invalid auth token")));
  CHECK_FALSE(wants_token({400, "<html>"}));
}

TEST_CASE("a trial asks for what creating asks for, and never comes true") {
  using nlohmann::json;
  auto trial = json::parse(trial_request("waypost/lease/x"));
  const auto create = json::parse(create_request("waypost/lease/x", "v", 7));
  CHECK(trial["compare"][0]["result"] == "LESS");
  CHECK(trial["compare"][0]["create_revision"] == "0");
  CHECK(trial["compare"][0]["key"] == create["compare"][0]["key"]);
  CHECK(trial["success"][0]["request_put"]["key"] ==
        create["success"][0]["request_put"]["key"]);
  CHECK(trial["failure"] == create["failure"]);
  CHECK(read_trial({200, kTaken}));
  CHECK_FALSE(read_trial({200, "{}"}));
  CHECK_FALSE(read_trial(refusal(403, 7, "permission denied")));
}

TEST_CASE("what etcd did not write is no answer") {
  for (const char* body :
       {"", "null", "[]", "\"x\"", "{", "{}", R"({"header":{}})",
        R"({"header":{},"ID":"x","TTL":"1"})",
        R"({"header":{},"ID":"99999999999999999999","TTL":"1"})",
        R"({"header":{},"ID":{},"TTL":[]})",
        R"({"header":{},"succeeded":"true"})",
        R"({"header":{},"responses":{"0":{}}})",
        R"({"header":{},"responses":[{"response_range":{"kvs":[]}}]})",
        R"({"header":{},"responses":[{"response_range":{"kvs":[7]}}]})",
        R"({"header":{},"responses":[{"response_range":{"kvs":
            [{"value":"*","lease":"1"}]}}]})",
        R"({"result":{}})", R"({"result":{"ID":"1","TTL":"-5"}})",
        R"({"result":[]})"}) {
    CAPTURE(body);
    CHECK(read_grant({200, body}).error().code == base::ErrorCode::kMalformed);
    CHECK(read_create({200, body}).error().code == base::ErrorCode::kMalformed);
    CHECK(read_keepalive({200, body}).error().code ==
          base::ErrorCode::kMalformed);
  }
  const std::string deep(60'000, '[');
  CHECK_FALSE(read_grant({200, deep}));
}

TEST_CASE("base64 there and back") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all += static_cast<char>(i);
    CHECK(from_base64(base64(all)).value() == all);
  }
  for (const char* wrong : {"Z", "Zg=", "Zg==Zg==", "=g==", "Z===", "Zm 8"}) {
    CAPTURE(wrong);
    CHECK_FALSE(from_base64(wrong));
  }
}

TEST_CASE("addresses of etcd") {
  const auto two = parse_etcd_endpoints("http://h1:2379/,[::1]:2380");
  REQUIRE(two);
  CHECK(two->endpoints.at(0) == base::Endpoint{"h1", 2379});
  CHECK(two->endpoints.at(1) == base::Endpoint{"::1", 2380});
  CHECK_FALSE(two->tls);
  const auto secure = parse_etcd_endpoints("https://h1:2379,https://h2:2380/");
  REQUIRE(secure);
  CHECK(secure->endpoints.at(1) == base::Endpoint{"h2", 2380});
  CHECK(secure->tls);
  // One member without would be asked in the open.
  CHECK(parse_etcd_endpoints("https://h1:2379,h2:2379")
            .error()
            .message.find("https") != std::string::npos);
  CHECK_FALSE(parse_etcd_endpoints("http://"));
  CHECK_FALSE(parse_etcd_endpoints("h1"));
}

}  // namespace
}  // namespace waypost::etcd

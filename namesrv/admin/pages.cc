#include "namesrv/admin/pages.h"

#include "namesrv/admin/metrics_text.h"

namespace waypost::admin_http {
namespace {

constexpr const char* kJson = "application/json";
constexpr const char* kPrometheus = "text/plain; version=0.0.4; charset=utf-8";

Page json_page(int status, std::string body) {
  return {status, kJson, std::move(body), {}};
}

Page error_page(int status, const base::Error& error) {
  return json_page(status, error_json(error));
}

}  // namespace

bool Pages::admitted(const Request& request) const {
  if (!shell_.is_token) return true;
  constexpr std::string_view kScheme = "Bearer ";
  std::string_view given = request.authorization;
  if (!given.starts_with(kScheme)) return false;
  given.remove_prefix(kScheme.size());
  return shell_.is_token(given);
}

Page Pages::answer(const Request& request) const {
  if (request.method != "GET" && request.method != "HEAD") {
    Page page = error_page(405, {base::ErrorCode::kUnsupported,
                                 "only GET and HEAD are answered here", ""});
    page.headers.emplace_back("Allow", "GET, HEAD");
    return page;
  }
  const std::string& path = request.path;
  const bool probe = path == "/livez" || path == "/readyz";
  if (!probe && !admitted(request)) {
    Page page = error_page(
        401, {base::ErrorCode::kDenied, "the admin port asks for its token",
              "send it as 'Authorization: Bearer TOKEN'; admin.token-file of "
              "the nameserver names the file that holds it"});
    page.headers.emplace_back("WWW-Authenticate", "Bearer");
    return page;
  }
  const bool known = probe || path == "/v1/cluster" ||
                     path == "/v1/cluster/partitions" || path == "/metrics";
  if (!known) {
    return error_page(
        404,
        {base::ErrorCode::kNotFound, "there is no such page",
         "/livez, /readyz, /v1/cluster, /v1/cluster/partitions, /metrics"});
  }
  const auto snapshot = shell_.snapshot();
  if (!snapshot) return error_page(503, snapshot.error());
  if (path == "/livez") return json_page(200, "{\"alive\": true}\n");
  if (path == "/readyz") {
    return json_page(why_not_ready(**snapshot).empty() ? 200 : 503,
                     readiness_json(**snapshot));
  }
  if (path == "/metrics")
    return {200, kPrometheus, metrics_text(**snapshot), {}};
  if (path == "/v1/cluster") {
    return json_page(200, cluster_json(**snapshot, shell_.cluster_settings));
  }
  return json_page(200, partitions_json(**snapshot));
}

}  // namespace waypost::admin_http

#include "namesrv/server/admin_settings.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "namesrv/server/cluster_settings.h"

namespace waypost::server {
namespace {

constexpr std::size_t kTokenMinBytes = 16;
// What is longer is another file, given by mistake.
constexpr std::size_t kSecretFileMaxBytes = 64UL * 1024;

tl::unexpected<base::Error> refuse(std::string message, std::string advice) {
  return base::fail(base::ErrorCode::kInvalidArgument, std::move(message),
                    std::move(advice));
}

// What a header can carry.
bool printable(const std::string& token) {
  return std::all_of(token.begin(), token.end(),
                     [](char each) { return each > ' ' && each < '\x7f'; });
}

}  // namespace

void declare_admin_options(AdminOptions& options, base::OptionTable& table) {
  table.text("admin-listen", options.listen,
             "Address of the admin port: HTTP for probes (/livez, /readyz), "
             "metrics and the cluster view, docs/admin-http.md; beyond the "
             "loopback interface admin.token-file is needed; port 0 takes a "
             "free one, which <data-dir>/admin-address tells; empty: none");
  table.text("admin.token-file", options.token_file,
             "File that holds the token which the admin port asks for, in "
             "'Authorization: Bearer TOKEN'; /livez and /readyz ask for none");
}

base::Result<std::string> read_secret_file(const std::string& key,
                                           const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string secret(kSecretFileMaxBytes, '\0');
  file.read(secret.data(), static_cast<std::streamsize>(secret.size()));
  // A file of the largest size ends here as well.
  const bool whole =
      file.eof() || file.peek() == std::ifstream::traits_type::eof();
  if (!file.is_open() || !whole || file.gcount() < 0 || file.bad()) {
    return refuse(key + " " + path + " cannot be read",
                  "check the path, its permissions and its size");
  }
  secret.resize(static_cast<std::size_t>(file.gcount()));
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) {
    secret.pop_back();
  }
  return secret;
}

base::Status complete_admin(AdminOptions& options) {
  options.listen_at.reset();
  options.token.clear();
  if (options.listen.empty()) {
    if (options.token_file.empty()) return {};
    return refuse("there is an admin.token-file, but no admin-listen",
                  "say --admin-listen HOST:PORT, or leave the file out");
  }
  const auto listen = base::parse_endpoint(options.listen);
  if (!listen) {
    return tl::unexpected(listen.error().with_context("admin-listen"));
  }
  options.listen_at = *listen;
  if (options.token_file.empty()) {
    if (is_loopback(listen->host)) return {};
    return refuse("admin-listen " + options.listen +
                      " can be reached from elsewhere, and there is no "
                      "admin.token-file",
                  "set admin.token-file, or listen on the loopback interface");
  }
  auto token = read_secret_file("admin.token-file", options.token_file);
  if (!token) return tl::unexpected(token.error());
  if (token->size() < kTokenMinBytes || !printable(*token)) {
    return refuse("admin.token-file " + options.token_file +
                      " holds no token: it takes one line of at least " +
                      std::to_string(kTokenMinBytes) +
                      " printable characters without spaces",
                  "head -c 24 /dev/urandom | base64 makes a good one");
  }
  options.token = std::move(*token);
  return {};
}

}  // namespace waypost::server

#include "namesrv/server/admin_settings.h"

#include <fstream>

#include <doctest/doctest.h>

#include "tests/support/temp_dir.h"

namespace waypost::server {
namespace {

struct TokenFile {
  explicit TokenFile(const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
  }
  support::TempDir dir;
  std::string path = dir / "token";
};

base::Status completed(AdminOptions& options, const std::string& listen,
                       const std::string& token_file) {
  options.listen = listen;
  options.token_file = token_file;
  return complete_admin(options);
}

TEST_CASE("an admin port on loopback needs no token, elsewhere it does") {
  AdminOptions options;
  CHECK(completed(options, "", "").has_value());
  CHECK_FALSE(options.listen_at.has_value());
  CHECK(completed(options, "127.0.0.1:9879", "").has_value());
  CHECK(options.listen_at->port == 9879);
  CHECK(completed(options, "[::1]:0", "").has_value());
  CHECK(options.token.empty());
  const auto refused = completed(options, "0.0.0.0:9879", "");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("no admin.token-file") !=
        std::string::npos);
  CHECK_FALSE(completed(options, "127.example.com:9879", "").has_value());
  const TokenFile good("0123456789abcdef\r\n\n");
  CHECK(completed(options, "0.0.0.0:9879", good.path).has_value());
  CHECK(options.token == "0123456789abcdef");
  CHECK_FALSE(completed(options, "", good.path).has_value());
  CHECK_FALSE(completed(options, "nowhere", good.path).has_value());
}

TEST_CASE("a file without a token is refused and its content not told") {
  AdminOptions options;
  for (const std::string& content :
       {std::string(), std::string("short-secret\n"),
        std::string("two words of a secret"), std::string(70'000, 's'),
        std::string("0123456789abcdef\n0123456789abcdef\n")}) {
    const TokenFile file(content);
    const auto refused = completed(options, "127.0.0.1:1", file.path);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().to_string().find("secret") == std::string::npos);
    CHECK(refused.error().message.find("admin.token-file") == 0);
  }
  CHECK_FALSE(completed(options, "127.0.0.1:1", "/nowhere").has_value());
  // Endless files are not read to their end.
  CHECK_FALSE(completed(options, "127.0.0.1:1", "/dev/zero").has_value());
}

}  // namespace
}  // namespace waypost::server

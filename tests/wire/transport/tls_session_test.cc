#include "wire/transport/tls_session.h"

#include <algorithm>
#include <array>
#include <string>

#include <doctest/doctest.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "base/assert.h"
#include "base/random.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_dir.h"

namespace waypost::transport {
namespace {

using support::Authority;
using support::Certificate;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// The other end: OpenSSL's own server between two memories.
class Server {
 public:
  Server(const support::TempDir& directory, const Certificate& certificate,
         const std::string& asks_for = "") {
    SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
    const std::string certificate_file = directory / "server.pem";
    const std::string key_file = directory / "server-key.pem";
    support::write_file(certificate_file, certificate.certificate);
    support::write_file(key_file, certificate.key);
    WAYPOST_ASSERT(SSL_CTX_use_certificate_chain_file(
                       context, certificate_file.c_str()) == 1);
    WAYPOST_ASSERT(SSL_CTX_use_PrivateKey_file(context, key_file.c_str(),
                                               SSL_FILETYPE_PEM) == 1);
    if (!asks_for.empty()) {
      SSL_CTX_load_verify_file(context, asks_for.c_str());
      SSL_CTX_set_verify(
          context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    ssl_ = SSL_new(context);
    SSL_CTX_free(context);
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl_);
  }
  ~Server() { SSL_free(ssl_); }

  // What it answers to what came; what it understood is in `heard`.
  std::string take(const std::string& bytes) {
    BIO_write(SSL_get_rbio(ssl_), bytes.data(), static_cast<int>(bytes.size()));
    if (SSL_do_handshake(ssl_) == 1) {
      std::array<char, 4096> text{};
      const int count = SSL_read(ssl_, text.data(), text.size());
      if (count > 0) heard.append(text.data(), static_cast<std::size_t>(count));
    }
    return output();
  }
  std::string say(const std::string& text) {
    SSL_write(ssl_, text.data(), static_cast<int>(text.size()));
    return output();
  }
  std::string say_goodbye() {
    SSL_shutdown(ssl_);
    return output();
  }

  std::string heard;

 private:
  std::string output() {
    std::string bytes(BIO_ctrl_pending(SSL_get_wbio(ssl_)), '\0');
    BIO_read(SSL_get_wbio(ssl_), bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }
  SSL* ssl_ = nullptr;
};

// Both ends, until neither has anything to say.
base::Status talk(TlsSession& session, Server& server, std::string& plain,
                  std::size_t piece = 1'000'000) {
  for (;;) {
    const std::string ours = session.take_output();
    if (ours.empty()) return {};
    const std::string theirs = server.take(ours);
    for (std::size_t at = 0; at < theirs.size(); at += piece) {
      auto received = session.receive(
          bytes_of(theirs).subspan(at, std::min(piece, theirs.size() - at)),
          plain);
      if (!received) return received;
    }
  }
}

struct Files {
  Files() { support::write_file(ca, authority.certificate()); }
  std::shared_ptr<const TlsContext> context() const {
    return TlsContext::for_clients({ca, {}, {}}).value();
  }
  support::TempDir directory;
  Authority authority{"test"};
  const std::string ca = directory / "ca.pem";
};

TEST_CASE("what one end says arrives at the other, in whatever pieces") {
  const Files files;
  const std::string much(100'000, 'm');
  for (const std::size_t piece : {1UL, 7UL, 1'000'000UL}) {
    Server server(files.directory, files.authority.issue("DNS:etcd-1"));
    TlsSession session(files.context(), "etcd-1");
    REQUIRE(session.send("hello"));
    std::string plain;
    REQUIRE(talk(session, server, plain, piece));
    CHECK(session.established());
    CHECK(server.heard == "hello");
    const std::string said = server.say(much);
    REQUIRE(session.receive(bytes_of(said), plain));
    CHECK(plain == much);
    CHECK_FALSE(session.ended());
    const std::string goodbye = server.say_goodbye();
    REQUIRE(session.receive(bytes_of(goodbye), plain));
    CHECK(session.ended());
    CHECK(plain == much);
  }
}

TEST_CASE("an address is proven as an address, a name as a name") {
  const Files files;
  const auto accepts = [&](const char* certified, const char* called) {
    Server server(files.directory, files.authority.issue(certified));
    TlsSession session(files.context(), called);
    std::string plain;
    return talk(session, server, plain).has_value() && session.established();
  };
  CHECK(accepts("IP:10.0.0.1", "10.0.0.1"));
  CHECK(accepts("IP:::1", "::1"));
  CHECK(accepts("DNS:*.example.org", "etcd.example.org"));
  CHECK_FALSE(accepts("IP:10.0.0.1", "10.0.0.2"));
  CHECK_FALSE(accepts("DNS:10.0.0.1", "10.0.0.1"));
  CHECK_FALSE(accepts("DNS:etcd-1", "etcd-2"));
  CHECK_FALSE(accepts("DNS:e*.example.org", "etcd.example.org"));
}

TEST_CASE("who cannot prove who he is hears nothing of what was to be said") {
  const Files files;
  Certificate shown = files.authority.issue("DNS:etcd-1");
  std::string why;
  SUBCASE("another name") {
    shown = files.authority.issue("DNS:other");
    why = "name etcd-1";
  }
  SUBCASE("no longer valid") {
    shown = files.authority.issue("DNS:etcd-1", -60);
    why = "expired";
  }
  SUBCASE("vouched for by a stranger") {
    shown = Authority("stranger").issue("DNS:etcd-1");
    why = "certificate";
  }
  Server server(files.directory, shown);
  TlsSession session(files.context(), "etcd-1");
  REQUIRE(session.send("secret"));
  std::string plain;
  const auto refused = talk(session, server, plain);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == base::ErrorCode::kDenied);
  CHECK(refused.error().to_string().find(why) != std::string::npos);
  server.take(session.take_output());
  CHECK(server.heard.empty());
}

TEST_CASE("a certificate of ours is shown where it is asked for") {
  const Files files;
  const Certificate ours = files.authority.issue("DNS:ns-1");
  const std::string certificate = files.directory / "us.pem";
  const std::string key = files.directory / "us-key.pem";
  support::write_file(certificate, ours.certificate);
  support::write_file(key, ours.key);
  const auto heard = [&](const TlsFiles& with, base::Status& status) {
    Server server(files.directory, files.authority.issue("DNS:etcd-1"),
                  files.ca);
    TlsSession session(TlsContext::for_clients(with).value(), "etcd-1");
    REQUIRE(session.send("hello"));
    std::string plain;
    status = talk(session, server, plain);
    return server.heard;
  };
  base::Status status;
  CHECK(heard({files.ca, certificate, key}, status) == "hello");
  CHECK(status);
  CHECK(heard({files.ca, {}, {}}, status).empty());
  REQUIRE_FALSE(status);
  CHECK(status.error().advice.find("certificate") != std::string::npos);
}

TEST_CASE("files that are of no use are named at once") {
  const Files files;
  const std::string key = files.directory / "key.pem";
  const std::string certificate = files.directory / "certificate.pem";
  support::write_file(certificate, files.authority.issue("DNS:a").certificate);
  support::write_file(key, files.authority.issue("DNS:a").key);  // of another
  const auto error = [](const TlsFiles& with) {
    const auto made = TlsContext::for_clients(with);
    return made ? "" : made.error().to_string();
  };
  CHECK(error({"/nowhere", {}, {}}).find("/nowhere") != std::string::npos);
  CHECK(error({key, {}, {}}).find("CA file") != std::string::npos);
  CHECK(error({files.ca, "/nowhere", key}).find("certificate /nowhere") !=
        std::string::npos);
  CHECK(error({files.ca, certificate, key}).find("the key " + key) !=
        std::string::npos);
  // It would ask at the terminal.
  support::write_file(key,
                      "-----BEGIN EC PRIVATE KEY-----\n"
                      "Proc-Type: 4,ENCRYPTED\n"
                      "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n"
                      "\nAAAAAAAAAAAAAAAAAAAAAA==\n"
                      "-----END EC PRIVATE KEY-----\n");
  CHECK(error({files.ca, certificate, key}).find("the key " + key) !=
        std::string::npos);
  CHECK(error({{}, {}, {}}).empty());
}

TEST_CASE("what is no TLS is an error in words") {
  const Files files;
  for (const char* text :
       {"HTTP/1.0 400 Bad Request\r\n\r\n", "220 mail ESMTP\r\n",
        "\x16\x03\x01\xff\xff", "\x15\x03\x01\x00\x02\x02\x28"}) {
    TlsSession session(files.context(), "etcd-1");
    std::string plain;
    std::string sent = text;
    if (sent[0] == '\x15')
      sent = std::string("\x15\x03\x01\x00\x02\x02\x28", 7);
    const auto received = session.receive(bytes_of(sent), plain);
    CAPTURE(text);
    if (sent[0] != '\x16') CHECK_FALSE(received);
    CHECK(plain.empty());
  }
}

TEST_CASE("hostile bytes end a session or wait, and are never taken for text") {
  const Files files;
  base::Random random(7);
  for (int round = 0; round < 200; ++round) {
    Server server(files.directory, files.authority.issue("DNS:etcd-1"));
    TlsSession session(files.context(), "etcd-1");
    REQUIRE(session.send("hello"));
    std::string plain;
    // The server's answers, with one byte changed in one of them.
    const std::uint64_t spoilt = random.below(3);
    for (std::uint64_t turn = 0; turn < 3; ++turn) {
      const std::string ours = session.take_output();
      std::string theirs = turn < 2 ? server.take(ours) : server.say("true");
      if (turn == spoilt && !theirs.empty()) {
        theirs[random.below(theirs.size())] ^=
            static_cast<char>(1 + random.below(255));
      }
      if (!session.receive(bytes_of(theirs), plain)) break;
    }
    const bool honest = plain.empty() || plain == "true";
    CHECK(honest);
    CHECK(session.take_output().size() < 10'000);
  }
}

}  // namespace
}  // namespace waypost::transport

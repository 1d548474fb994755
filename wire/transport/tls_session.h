#ifndef WAYPOST_WIRE_TRANSPORT_TLS_SESSION_H_
#define WAYPOST_WIRE_TRANSPORT_TLS_SESSION_H_

// The client's end of TLS, apart from any socket: bytes of the wire go in and
// come out, and so does what they mean. Whoever has a connection carries them.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

struct ssl_ctx_st;  // OpenSSL's
struct ssl_st;

namespace waypost::transport {

struct TlsFiles {
  std::string ca;           // PEM, whom to trust; empty: whom the system trusts
  std::string certificate;  // PEM, ours with its chain; empty: none
  std::string key;          // PEM, without a passphrase; with the certificate
};

// What all sessions of one kind share. Immutable.
class TlsContext {
 public:
  // TLS 1.2 and later; the other side must prove who it is. Reads the files
  // now; kInvalidArgument names the one that is of no use, and why.
  static base::Result<std::shared_ptr<const TlsContext>> for_clients(
      const TlsFiles& files);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class TlsSession;
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}

  ssl_ctx_st* const context_;
};

// One connection's. Takes no more memory than a record and the handshake's
// messages, which OpenSSL bounds, whatever arrives. One thread.
class TlsSession {
 public:
  // `host` is whom the other side's certificate must name: a DNS name, or an IP
  // address as a number.
  TlsSession(std::shared_ptr<const TlsContext> context,
             const std::string& host);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // Sends `plain`, once both sides know each other.
  base::Status send(std::string_view plain);
  // What the wire brought; what it means is added to `plain`. kDenied: the
  // other side is not who it should be, or refused us; kMalformed: no TLS.
  // After an error nothing more may be asked but take_output().
  base::Status receive(std::span<const std::byte> bytes, std::string& plain);
  // What has to go on the wire now, after each of the above and at first.
  std::string take_output();

  bool established() const { return established_; }
  // The other side said that nothing follows; without that word, an end of the
  // connection is none of what was said.
  bool ended() const { return ended_; }

 private:
  base::Status shake_hands();
  base::Status failure(int result);

  const std::shared_ptr<const TlsContext> context_;
  const std::string host_;
  ssl_st* const ssl_;
  std::string waiting_;  // for the handshake
  bool established_ = false;
  bool ended_ = false;
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_TLS_SESSION_H_

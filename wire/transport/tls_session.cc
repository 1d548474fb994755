#include "wire/transport/tls_session.h"

#include <array>
#include <limits>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/assert.h"

namespace waypost::transport {
namespace {

// The reason of the oldest error that is queued in this thread, which is the
// root of those after it.
std::string openssl_reason() {
  const unsigned long code = ERR_peek_error();
  const char* const reason =
      code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason != nullptr ? reason : "no reason given";
}

tl::unexpected<base::Error> useless(const char* what, const std::string& path,
                                    const char* advice) {
  return base::fail(
      base::ErrorCode::kInvalidArgument,
      std::string(what) + " " + path + " is of no use: " + openssl_reason(),
      advice);
}

// Nobody is at the terminal to be asked.
int no_passphrase(char*, int, int, void*) { return -1; }

base::Status read_files(SSL_CTX* context, const TlsFiles& files) {
  ERR_clear_error();
  if (files.ca.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) {
      return useless("the system's list of", "certificate authorities",
                     "install ca-certificates");
    }
  } else if (SSL_CTX_load_verify_file(context, files.ca.c_str()) != 1) {
    return useless("the CA file", files.ca,
                   "it takes certificates in PEM that this user may read");
  }
  if (files.certificate.empty()) return {};
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) !=
      1) {
    return useless("the certificate", files.certificate,
                   "it takes PEM: ours, then those that vouch for it");
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(),
                                  SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return useless("the key", files.key,
                   "it takes PEM without a passphrase, and belongs to the "
                   "certificate");
  }
  return {};
}

std::size_t unread(const SSL* ssl) {
  return BIO_ctrl_pending(SSL_get_wbio(ssl));
}

}  // namespace

base::Result<std::shared_ptr<const TlsContext>> TlsContext::for_clients(
    const TlsFiles& files) {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  WAYPOST_ASSERT(context != nullptr);
  std::shared_ptr<const TlsContext> owner(new TlsContext(context));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (auto read = read_files(context, files); !read) {
    return tl::unexpected(read.error());
  }
  return owner;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context,
                       const std::string& host)
    : context_(std::move(context)),
      host_(host),
      ssl_(SSL_new(context_->context_)) {
  WAYPOST_ASSERT(ssl_ != nullptr);
  BIO* const in = BIO_new(BIO_s_mem());
  BIO* const out = BIO_new(BIO_s_mem());
  WAYPOST_ASSERT(in != nullptr && out != nullptr);
  // An empty buffer is one that waits.
  BIO_ctrl(in, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, nullptr);
  BIO_ctrl(out, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, nullptr);
  SSL_set_bio(ssl_, in, out);
  X509_VERIFY_PARAM* const verify = SSL_get0_param(ssl_);
  X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_ip_asc(verify, host.c_str()) != 1) {
    ERR_clear_error();
    const int named = SSL_set1_host(ssl_, host.c_str());
    WAYPOST_ASSERT(named == 1);
    // As SSL_set_tlsext_host_name(), which is a macro with a cast.
    SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(host.c_str()));
  }
  SSL_set_connect_state(ssl_);
  // Nothing has arrived that it could fail at.
  WAYPOST_ASSERT(shake_hands().has_value());
}

TlsSession::~TlsSession() { SSL_free(ssl_); }

base::Status TlsSession::shake_hands() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result != 1) return failure(result);
  established_ = true;
  const std::string waited = std::exchange(waiting_, {});
  return send(waited);
}

base::Status TlsSession::send(std::string_view plain) {
  if (!established_) {
    waiting_ += plain;
    return {};
  }
  if (plain.empty()) return {};
  WAYPOST_ASSERT(plain.size() <= std::numeric_limits<int>::max());
  ERR_clear_error();
  // Memory takes it all.
  const int result =
      SSL_write(ssl_, plain.data(), static_cast<int>(plain.size()));
  return result > 0 ? base::Status{} : failure(result);
}

base::Status TlsSession::receive(std::span<const std::byte> bytes,
                                 std::string& plain) {
  WAYPOST_ASSERT(bytes.size() <= std::numeric_limits<int>::max());
  if (bytes.empty() || ended_) return {};
  const int taken = BIO_write(SSL_get_rbio(ssl_), bytes.data(),
                              static_cast<int>(bytes.size()));
  WAYPOST_ASSERT(taken == static_cast<int>(bytes.size()));
  if (!established_) {
    if (auto shaken = shake_hands(); !shaken || !established_) return shaken;
  }
  std::array<char, 16 * 1024> record{};
  for (;;) {
    ERR_clear_error();
    const int count =
        SSL_read(ssl_, record.data(), static_cast<int>(record.size()));
    if (count <= 0) return failure(count);
    plain.append(record.data(), static_cast<std::size_t>(count));
  }
}

std::string TlsSession::take_output() {
  std::string bytes(unread(ssl_), '\0');
  if (!bytes.empty()) {
    const int count = BIO_read(SSL_get_wbio(ssl_), bytes.data(),
                               static_cast<int>(bytes.size()));
    WAYPOST_ASSERT(count == static_cast<int>(bytes.size()));
  }
  return bytes;
}

// No failure where more has to arrive first, or nothing will any more.
base::Status TlsSession::failure(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {};
    case SSL_ERROR_ZERO_RETURN:
      ended_ = true;
      return {};
    default:
      break;
  }
  if (const long verdict = SSL_get_verify_result(ssl_); verdict != X509_V_OK) {
    ERR_clear_error();
    return base::fail(base::ErrorCode::kDenied,
                      "the certificate of " + host_ + " is not accepted: " +
                          X509_verify_cert_error_string(verdict),
                      "it must be valid now, name " + host_ +
                          ", and come from who is trusted");
  }
  const unsigned long code = ERR_peek_error();
  // An alert: the other side's word about us.
  const bool alert = ERR_GET_LIB(code) == ERR_LIB_SSL &&
                     ERR_GET_REASON(code) > SSL_AD_REASON_OFFSET;
  const std::string reason = openssl_reason();
  if (alert) {
    return base::fail(
        base::ErrorCode::kDenied, host_ + " refused TLS: " + reason,
        "where it asks for a certificate, set one that it trusts");
  }
  return base::fail(base::ErrorCode::kMalformed,
                    "no TLS with " + host_ + ": " + reason,
                    "check that it speaks TLS at this port");
}

}  // namespace waypost::transport

#include "tests/support/certificates.h"

#include <functional>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/assert.h"

namespace waypost::support {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Signed = std::unique_ptr<X509, decltype(&X509_free)>;

Key new_key() {
  Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free);
  WAYPOST_ASSERT(key != nullptr);
  return key;
}

std::string in_pem(const std::function<int(BIO*)>& write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()),
                                                         BIO_free);
  WAYPOST_ASSERT(write(memory.get()) == 1);
  std::string text(BIO_ctrl_pending(memory.get()), '\0');
  BIO_read(memory.get(), text.data(), static_cast<int>(text.size()));
  return text;
}

std::string pem_of(X509* certificate) {
  return in_pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
}

void extend(X509* certificate, int what, const std::string& value) {
  X509_EXTENSION* const extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str());
  WAYPOST_ASSERT(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Valid since an hour ago.
Signed blank(const std::string& subject, EVP_PKEY* key, long valid_seconds) {
  static long serial = 0;
  Signed made(X509_new(), X509_free);
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), valid_seconds);
  X509_NAME_add_entry_by_txt(
      X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
      reinterpret_cast<const unsigned char*>(subject.c_str()), -1, -1, 0);
  X509_set_pubkey(made.get(), key);
  return made;
}

void sign(X509* certificate, const X509_NAME* issuer, EVP_PKEY* key) {
  X509_set_issuer_name(certificate, issuer);
  WAYPOST_ASSERT(X509_sign(certificate, key, EVP_sha256()) > 0);
}

}  // namespace

struct Authority::Keys {
  Key key = new_key();
  Signed certificate{nullptr, X509_free};
};

Authority::Authority(const std::string& name)
    : keys_(std::make_unique<Keys>()) {
  keys_->certificate = blank(name, keys_->key.get(), 24L * 3600);
  X509* const self = keys_->certificate.get();
  extend(self, NID_basic_constraints, "critical,CA:TRUE");
  sign(self, X509_get_subject_name(self), keys_->key.get());
  certificate_ = pem_of(self);
}

Authority::~Authority() = default;

Certificate Authority::issue(const std::string& name,
                             long valid_seconds) const {
  const Key key = new_key();
  const Signed made = blank("somebody", key.get(), valid_seconds);
  extend(made.get(), NID_subject_alt_name, name);
  sign(made.get(), X509_get_subject_name(keys_->certificate.get()),
       keys_->key.get());
  return {pem_of(made.get()), in_pem([&](BIO* out) {
            return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0,
                                            nullptr, nullptr);
          })};
}

}  // namespace waypost::support

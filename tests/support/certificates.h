#ifndef WAYPOST_TESTS_SUPPORT_CERTIFICATES_H_
#define WAYPOST_TESTS_SUPPORT_CERTIFICATES_H_

#include <memory>
#include <string>

namespace waypost::support {

// In PEM.
struct Certificate {
  std::string certificate;
  std::string key;
};

// A certificate authority of a test's own.
class Authority {
 public:
  explicit Authority(const std::string& name);
  ~Authority();

  const std::string& certificate() const { return certificate_; }
  // For a name as OpenSSL's subjectAltName has it, "DNS:etcd-1" or
  // "IP:127.0.0.1", valid until so long from now.
  Certificate issue(const std::string& name, long valid_seconds = 3600) const;

 private:
  struct Keys;
  std::unique_ptr<Keys> keys_;
  std::string certificate_;
};

}  // namespace waypost::support

#endif  // WAYPOST_TESTS_SUPPORT_CERTIFICATES_H_

#ifndef WAYPOST_CLIENT_SDK_RUNTIME_ADDRESS_SOURCES_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_ADDRESS_SOURCES_H_

// Places that tell lists of nameservers and may tell others later. Each keeps
// its last good list when it cannot be asked or says nonsense.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "base/endpoint.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/random.h"
#include "client_sdk/core/http_message.h"
#include "client_sdk/runtime/http_get.h"
#include "wire/transport/network.h"

namespace waypost::client {

// Loop thread only.
class AddressSource {
 public:
  virtual ~AddressSource() = default;
  // Empty until it was told for the first time.
  const std::vector<base::Endpoint>& addresses() const { return addresses_; }
  // Why the last try to read it failed; empty when it did not.
  const std::string& failure() const { return failure_; }

 protected:
  AddressSource(std::function<void()> on_change, base::Logger logger)
      : on_change_(std::move(on_change)), logger_(logger) {}
  // Takes what was read, or complains once about each new failure.
  void take(const base::Result<std::vector<base::Endpoint>>& read);

 private:
  const std::function<void()> on_change_;
  const base::Logger logger_;
  std::vector<base::Endpoint> addresses_;
  std::string failure_;
};

// An HTTP address server in RocketMQ's format, asked each half minute, sooner
// after a failure.
class HttpAddressSource final : public AddressSource {
 public:
  HttpAddressSource(base::Executor& executor, transport::Network& network,
                    HttpUrl url, base::Random random,
                    std::function<void()> on_change, base::Logger logger);

 private:
  void ask();
  void on_answer(const base::Result<std::string>& body);

  base::Executor& executor_;
  transport::Network& network_;
  const HttpUrl url_;
  base::Random random_;
  base::Backoff backoff_;
  std::unique_ptr<HttpGet> get_;
  std::unique_ptr<base::Timer> timer_;
};

// A file, read when it has changed; looked at each second. First read
// in the constructor.
class FileAddressSource final : public AddressSource {
 public:
  FileAddressSource(base::Executor& executor, std::string path,
                    std::function<void()> on_change, base::Logger logger);

 private:
  struct Stamp {
    std::uint64_t file = 0;
    std::int64_t size = -1;
    std::int64_t changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  Stamp stamp() const;
  void look();
  void look_later();

  base::Executor& executor_;
  const std::string path_;
  Stamp seen_;
  std::unique_ptr<base::Timer> timer_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_ADDRESS_SOURCES_H_

#include "client_sdk/runtime/address_sources.h"

#include <fstream>
#include <utility>

#include <sys/stat.h>

#include "client_sdk/core/address_list.h"

namespace waypost::client {
namespace {

using std::chrono::seconds;
using Addresses = base::Result<std::vector<base::Endpoint>>;

constexpr base::Duration kHttpDeadline = seconds(3);
constexpr base::Duration kHttpInterval = seconds(30);
constexpr base::Duration kHttpRetryMin = seconds(1);
constexpr double kJitter = 0.1;
constexpr base::Duration kFileInterval = seconds(1);
constexpr std::size_t kFileMaxBytes = 256UL * 1024;

// A pipe would be waited for, on the thread that all clients share.
bool is_other_than_file(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 && !S_ISREG(about.st_mode);
}

Addresses read_file(const std::string& path) {
  if (is_other_than_file(path)) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "'" + path + "' is not a regular file");
  }
  std::ifstream file(path, std::ios::binary);
  std::string text(kFileMaxBytes + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) {
    return base::fail(base::ErrorCode::kUnavailable,
                      "'" + path + "' cannot be read");
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kFileMaxBytes) {
    return base::fail(base::ErrorCode::kTooLarge,
                      "'" + path + "' is too large");
  }
  auto addresses = read_address_file(text);
  if (addresses) return addresses;
  return tl::unexpected(addresses.error().with_context(path));
}

}  // namespace

void AddressSource::take(const Addresses& read) {
  if (read) {
    failure_.clear();
    if (addresses_ == *read) return;
    addresses_ = *read;
  } else {
    if (failure_ == read.error().message) return;
    failure_ = read.error().message;
    logger_.warn(
        "a list of nameservers could not be read; what it said before "
        "counts",
        {{"why", failure_}});
  }
  if (on_change_) on_change_();
}

// --- HTTP ---

HttpAddressSource::HttpAddressSource(base::Executor& executor,
                                     transport::Network& network, HttpUrl url,
                                     base::Random random,
                                     std::function<void()> on_change,
                                     base::Logger logger)
    : AddressSource(std::move(on_change), logger),
      executor_(executor),
      network_(network),
      url_(std::move(url)),
      random_(random),
      backoff_(kHttpRetryMin, kHttpInterval) {
  ask();
}

void HttpAddressSource::ask() {
  get_ = std::make_unique<HttpGet>(
      executor_, network_, url_, kHttpDeadline,
      [this](base::Result<std::string> body) {
        // The request is not destroyed within its own callback.
        timer_ = executor_.run_after(
            base::Duration::zero(),
            [this, body = std::move(body)] { on_answer(body); });
      });
}

void HttpAddressSource::on_answer(const base::Result<std::string>& body) {
  get_.reset();
  Addresses addresses =
      body ? read_address_answer(*body) : tl::unexpected(body.error());
  if (body && !addresses) {
    addresses =
        tl::unexpected(addresses.error().with_context(url_.to_string()));
  }
  base::Duration again = random_.jittered(kHttpInterval, kJitter);
  if (addresses) {
    backoff_.reset();
  } else {
    again = backoff_.next(random_);
  }
  timer_ = executor_.run_after(again, [this] { ask(); });
  take(addresses);
}

// --- Files ---

FileAddressSource::FileAddressSource(base::Executor& executor, std::string path,
                                     std::function<void()> on_change,
                                     base::Logger logger)
    : AddressSource(std::move(on_change), logger),
      executor_(executor),
      path_(std::move(path)),
      seen_(stamp()) {
  take(read_file(path_));
  look_later();
}

FileAddressSource::Stamp FileAddressSource::stamp() const {
  struct stat status {};
  if (::stat(path_.c_str(), &status) != 0) return {};
  return {status.st_ino, status.st_size,
          std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 +
              status.st_mtim.tv_nsec};
}

void FileAddressSource::look_later() {
  timer_ = executor_.run_after(kFileInterval, [this] { look(); });
}

void FileAddressSource::look() {
  look_later();
  const Stamp now = stamp();
  if (now == seen_) return;
  seen_ = now;
  take(read_file(path_));
}

}  // namespace waypost::client

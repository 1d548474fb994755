#include "client_sdk/runtime/snapshot.h"

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/codec/native.h"

namespace waypost::client {
namespace {

constexpr std::string_view kMagic{"WPSNAP\0\1", 8};
constexpr std::size_t kHeadBytes = 32;

std::int64_t to_epoch_ms(base::WallTime time) {
  return base::to_ms(time.time_since_epoch());
}

// --- Writing ---

class Writer {
 public:
  template <typename Number>
  void number(Number value) {
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
      bytes_.push_back(
          static_cast<char>(static_cast<std::uint64_t>(value) >> (8U * i)));
    }
  }
  void text(std::string_view text) {
    number(static_cast<std::uint32_t>(text.size()));
    bytes_ += text;
  }
  std::string& bytes() { return bytes_; }

 private:
  std::string bytes_;
};

// --- Reading ---

// After the first thing that does not fit, everything is 0 and ok() false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return left_.empty(); }

  template <typename Number>
  Number number() {
    const std::string_view bytes = take(sizeof(Number));
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i > 0; --i) {
      value = value << 8U | static_cast<unsigned char>(bytes[i - 1]);
    }
    return static_cast<Number>(value);
  }
  std::string_view text() { return take(number<std::uint32_t>()); }
  base::WallTime time() {
    // Absurd times must not overflow what is computed with them.
    constexpr std::int64_t kMostMs = 1LL << 43U;  // some 280 years
    const auto ms = number<std::int64_t>();
    if (ms < 0 || ms > kMostMs) ok_ = false;
    return base::WallTime(std::chrono::milliseconds(ok_ ? ms : 0));
  }

 private:
  std::string_view take(std::size_t size) {
    if (size > left_.size()) ok_ = false;
    if (!ok_) return {};
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

  std::string_view left_;
  bool ok_ = true;
};

tl::unexpected<base::Error> malformed(const std::string& what) {
  return base::fail(base::ErrorCode::kMalformed, "the snapshot " + what);
}

base::Result<Snapshot::Route> read_route(Reader& reader) {
  Snapshot::Route route;
  route.confirmed = reader.time();
  route.source = std::string(reader.text());
  const std::string_view payload = reader.text();
  // The decoder wants it aligned to 8.
  std::vector<std::uint64_t> aligned(payload.size() / 8 + 1);
  // An empty text may have no address, which memcpy does not take.
  if (!payload.empty()) {
    std::memcpy(aligned.data(), payload.data(), payload.size());
  }
  auto decoded = codec::decode<model::VersionedRoute>(
      std::as_bytes(std::span(aligned)).first(payload.size()));
  if (!decoded) return tl::unexpected(decoded.error());
  route.route = std::move(*decoded);
  return route;
}

tl::unexpected<base::Error> system_error(const std::string& what,
                                         const std::string& path) {
  const int number = errno;
  return base::fail(
      number == ENOENT ? base::ErrorCode::kNotFound
                       : base::ErrorCode::kUnavailable,
      "cannot " + what + " '" + path + "': " + std::strerror(number));
}

tl::unexpected<base::Error> no_file(const std::string& path) {
  return base::fail(base::ErrorCode::kInvalidArgument,
                    "the snapshot '" + path + "' is not a regular file",
                    "give client.snapshot-file the path of one, or of none");
}

class File {
 public:
  File(const std::string& path, int flags)
      : number_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~File() {
    if (number_ >= 0) ::close(number_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }

 private:
  const int number_;
};

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

std::string encode(const Snapshot& snapshot) {
  Writer payload;
  payload.number(to_epoch_ms(snapshot.saved));
  payload.number(static_cast<std::uint32_t>(snapshot.nameservers.size()));
  for (const auto& each : snapshot.nameservers) {
    payload.text(each.address.host);
    payload.number(std::uint32_t{each.address.port});
    payload.text(each.name);
  }
  payload.number(static_cast<std::uint32_t>(snapshot.routes.size()));
  for (const auto& each : snapshot.routes) {
    payload.number(to_epoch_ms(each.confirmed));
    payload.text(each.source);
    payload.text(codec::encode(each.route));
  }
  const model::Digest digest = model::digest_bytes(payload.bytes());
  Writer file;
  file.bytes() = kMagic;
  file.number(std::uint64_t{payload.bytes().size()});
  file.number(digest.low);
  file.number(digest.high);
  file.bytes() += payload.bytes();
  return std::move(file.bytes());
}

base::Result<Snapshot> decode_snapshot(std::string_view bytes) {
  if (bytes.size() < kHeadBytes || !bytes.starts_with(kMagic)) {
    return malformed("is none of this version");
  }
  Reader head(bytes.substr(kMagic.size(), kHeadBytes - kMagic.size()));
  const auto size = head.number<std::uint64_t>();
  model::Digest digest;
  digest.low = head.number<std::uint64_t>();
  digest.high = head.number<std::uint64_t>();
  const std::string_view payload = bytes.substr(kHeadBytes);
  if (size != payload.size()) return malformed("is not whole");
  if (model::digest_bytes(payload) != digest) {
    return malformed("has a wrong checksum");
  }
  Reader reader(payload);
  Snapshot snapshot;
  snapshot.saved = reader.time();
  auto left = reader.number<std::uint32_t>();
  for (; left > 0 && reader.ok(); --left) {
    Nameserver& each = snapshot.nameservers.emplace_back();
    each.address.host = std::string(reader.text());
    each.address.port =
        static_cast<std::uint16_t>(reader.number<std::uint32_t>());
    each.name = std::string(reader.text());
  }
  left = reader.number<std::uint32_t>();
  for (; left > 0 && reader.ok(); --left) {
    auto route = read_route(reader);
    if (!reader.ok()) break;
    if (!route) return tl::unexpected(route.error());
    snapshot.routes.push_back(std::move(*route));
  }
  if (!reader.ok() || !reader.at_end()) return malformed("does not add up");
  return snapshot;
}

base::Result<Snapshot> read_snapshot(const std::string& path) {
  // Opening a pipe must not wait for who writes into it.
  const File file(path, O_RDONLY | O_NONBLOCK);
  if (!file.is_open()) return system_error("open", path);
  struct stat about = {};
  if (::fstat(file.number(), &about) != 0) return system_error("read", path);
  if (!S_ISREG(about.st_mode)) return no_file(path);
  std::string bytes;
  std::string piece(1U << 16U, '\0');
  for (;;) {
    const ssize_t count = ::read(file.number(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("read", path);
    if (count == 0) break;
    bytes.append(piece.data(), static_cast<std::size_t>(count));
    if (bytes.size() > kSnapshotMaxBytes) {
      return malformed("'" + path + "' is too large");
    }
  }
  auto snapshot = decode_snapshot(bytes);
  if (snapshot) return snapshot;
  return tl::unexpected(snapshot.error().with_context(path));
}

base::Status write_snapshot(const std::string& path, const Snapshot& snapshot) {
  // A device or a pipe is not to be replaced by a file.
  struct stat about = {};
  if (::stat(path.c_str(), &about) == 0 && !S_ISREG(about.st_mode)) {
    return no_file(path);
  }
  const std::string bytes = encode(snapshot);
  // Several clients may be given the same path.
  const std::string part = path + ".part." + std::to_string(::getpid());
  {
    const File file(part, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.is_open()) return system_error("create", part);
    if (!write_all(file.number(), bytes)) {
      auto failed = system_error("write", part);
      ::unlink(part.c_str());
      return failed;
    }
  }
  if (::rename(part.c_str(), path.c_str()) == 0) return {};
  auto failed = system_error("replace", path);
  ::unlink(part.c_str());
  return failed;
}

}  // namespace waypost::client

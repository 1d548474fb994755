#include "benchmarks/driver/load_connection.h"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"

namespace waypost::bench {
namespace {

// The low bits of a number name its slot, so that an answer is matched without
// a search; those above tell one use of the slot from the next.
constexpr unsigned kSlotBits = 14;
constexpr RequestId kSequenceMask = 0xFFFF;
static_assert(kRequestIdMin + (kSequenceMask << kSlotBits) +
                  (1U << kSlotBits) <=
              kRequestIdMax);
// What the opening's frame carries; requests' ids are all larger.
constexpr std::uint64_t kOpeningId = 1;

base::Error system_error(const char* what, int error) {
  return {base::ErrorCode::kUnavailable,
          std::string(what) + ": " + std::strerror(error), ""};
}

}  // namespace

base::Result<std::unique_ptr<LoadConnection>> LoadConnection::connect(
    const base::Endpoint& target, const ConnectionScript& script,
    std::size_t depth) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(target.port);
  if (inet_pton(AF_INET, target.host.c_str(), &address.sin_addr) != 1) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "not a numeric IPv4 address: " + target.host);
  }
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return tl::unexpected(system_error("socket", errno));
  std::unique_ptr<LoadConnection> connection(
      new LoadConnection(fd, script, depth));
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address),
                sizeof address) != 0) {
    return tl::unexpected(
        system_error(("connect to " + target.to_string()).c_str(), errno));
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  return connection;
}

LoadConnection::LoadConnection(int fd, const ConnectionScript& script,
                               std::size_t depth)
    : fd_(fd),
      format_(script.format),
      id_offset_(script.id_offset),
      requests_(*script.requests),
      next_request_(script.first),
      opened_(script.opening.empty()),
      slots_(depth),
      output_(script.opening) {
  WAYPOST_ASSERT(depth > 0 && depth < (std::size_t{1} << kSlotBits));
  WAYPOST_ASSERT(script.first < requests_.size());
  for (std::size_t slot = depth; slot-- > 0;) {
    free_slots_.push_back(static_cast<std::uint16_t>(slot));
  }
}

LoadConnection::~LoadConnection() { close(fd_); }

void LoadConnection::enqueue(std::int64_t intended_ns) {
  WAYPOST_ASSERT(!free_slots_.empty());
  const std::uint16_t number = free_slots_.back();
  free_slots_.pop_back();
  ++in_flight_;
  Slot& slot = slots_[number];
  const auto use = static_cast<RequestId>(++sequence_) & kSequenceMask;
  slot.id = kRequestIdMin + (use << kSlotBits) + number;
  slot.answer = {intended_ns, 0, false};

  const std::string& request = requests_[next_request_];
  if (++next_request_ == requests_.size()) next_request_ = 0;
  const std::size_t start = output_.size();
  output_ += request;
  put_request_id(format_, output_.data() + start + id_offset_, slot.id);
}

base::Status LoadConnection::flush() {
  while (written_ < output_.size()) {
    const ssize_t count = send(fd_, output_.data() + written_,
                               output_.size() - written_, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return {};
    if (count < 0) return tl::unexpected(system_error("write", errno));
    written_ += static_cast<std::size_t>(count);
  }
  output_.clear();
  written_ = 0;
  return {};
}

base::Status LoadConnection::read(std::span<char> scratch,
                                  std::vector<FinishedAnswer>& finished) {
  const ssize_t count = recv(fd_, scratch.data(), scratch.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (count < 0) return tl::unexpected(system_error("read", errno));
  if (count == 0) {
    return base::fail(base::ErrorCode::kUnavailable,
                      "the server closed the connection");
  }
  std::span<const char> bytes = scratch.first(static_cast<std::size_t>(count));
  if (!incomplete_.empty()) {
    incomplete_.append(bytes.data(), bytes.size());
    bytes = incomplete_;
  }
  const base::Result<std::size_t> used = take_frames(bytes, finished);
  if (!used) return tl::unexpected(used.error());
  if (!incomplete_.empty()) {
    incomplete_.erase(0, *used);
  } else {
    incomplete_.assign(bytes.data() + *used, bytes.size() - *used);
  }
  return {};
}

base::Result<std::size_t> LoadConnection::take_frames(
    std::span<const char> bytes, std::vector<FinishedAnswer>& finished) {
  std::size_t used = 0;
  while (true) {
    const auto frame = take_answer_frame(format_, bytes.subspan(used));
    if (!frame) return tl::unexpected(frame.error());
    if (!*frame) return used;
    const base::Status taken = take_frame(**frame, finished);
    if (!taken) return tl::unexpected(taken.error());
    used += (*frame)->bytes;
  }
}

base::Status LoadConnection::take_frame(const AnswerFrame& frame,
                                        std::vector<FinishedAnswer>& finished) {
  if (frame.id == kOpeningId && !opened_) {
    if (frame.error) {
      return base::fail(base::ErrorCode::kUnavailable,
                        "the server refused the hello");
    }
    opened_ = frame.last;
    return {};
  }
  const std::size_t number =
      (frame.id - kRequestIdMin) & ((1U << kSlotBits) - 1);
  if (frame.id == 0 || number >= slots_.size() ||
      slots_[number].id != frame.id) {
    return base::fail(base::ErrorCode::kMalformed,
                      "the server sent a frame that answers nothing (" +
                          std::to_string(frame.id) + ")");
  }
  Slot& slot = slots_[number];
  slot.answer.bytes += frame.bytes;
  if (!frame.last) return {};
  slot.answer.error = frame.error;
  slot.id = 0;
  free_slots_.push_back(static_cast<std::uint16_t>(number));
  --in_flight_;
  finished.push_back(slot.answer);
  return {};
}

}  // namespace waypost::bench

#include "broker_agent/core/answer_matcher.h"

#include <algorithm>

#include "broker_agent/core/text.h"

namespace waypost::agent {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr std::string_view kHttpVersion = "HTTP/1.";
constexpr std::size_t kStatusLineBytes = 12;  // "HTTP/1.1 200"

// Whether what is there so far can be the start of "HTTP/1.x NNN".
bool may_be_status_line(std::string_view line) {
  const std::size_t common = std::min(line.size(), kHttpVersion.size());
  if (line.substr(0, common) != kHttpVersion.substr(0, common)) return false;
  for (std::size_t i = kHttpVersion.size();
       i < std::min(line.size(), kStatusLineBytes); ++i) {
    if (i == 8 ? line[i] != ' ' : !is_digit(line[i])) return false;
  }
  return true;
}

}  // namespace

std::optional<ProbeResult> ExpectMatcher::feed(std::string_view bytes) {
  // A match may begin in what came before.
  const std::size_t from =
      seen_.size() - std::min(seen_.size(), expect_.size() - 1);
  const std::size_t room = kSeenMaxBytes - seen_.size();
  seen_ += bytes.substr(0, room);
  if (seen_.find(expect_, from) != std::string::npos) {
    return ProbeResult{true, {}};
  }
  if (seen_.size() < kSeenMaxBytes) return std::nullopt;
  return ProbeResult{false, "answered 16 KiB without " + waiting_for() +
                                ", beginning '" + format_bytes_seen(seen_) +
                                "'"};
}

std::string ExpectMatcher::waiting_for() const {
  return "'" + format_bytes_seen(expect_) + "'";
}

std::optional<ProbeResult> HttpMatcher::feed(std::string_view bytes) {
  header_ += bytes.substr(0, kHeaderMaxBytes - header_.size());
  for (;;) {
    if (!may_be_status_line(header_)) {
      return ProbeResult{false,
                         "not HTTP: '" + format_bytes_seen(header_) + "'"};
    }
    if (header_.size() < kStatusLineBytes) return std::nullopt;
    const std::string status = header_.substr(9, 3);
    if (status[0] < '1' || status[0] > '3') {
      return ProbeResult{false, "status " + status};
    }
    const std::size_t end = header_.find("\r\n\r\n");
    if (end == std::string::npos) {
      if (header_.size() < kHeaderMaxBytes) return std::nullopt;
      return ProbeResult{false, "an HTTP header longer than 16 KiB"};
    }
    if (status[0] != '1') return ProbeResult{true, {}};
    header_.erase(0, end + 4);
  }
}

}  // namespace waypost::agent

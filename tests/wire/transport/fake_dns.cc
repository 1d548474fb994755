#include "tests/wire/transport/fake_dns.h"

#include <array>
#include <utility>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "wire/transport/socket_address.h"

namespace waypost::transport::test {
namespace {

constexpr int kTypeA = 1;
constexpr int kTypeAaaa = 28;
constexpr std::size_t kHeaderSize = 12;

std::string two_bytes(std::size_t value) {
  return {static_cast<char>(value >> 8U), static_cast<char>(value & 0xffU)};
}

// The address as the record of a question's type holds it; empty when it is of
// the other family.
std::string record_data(const std::string& address, int type) {
  std::array<char, 16> raw{};
  if (type == kTypeA && inet_pton(AF_INET, address.c_str(), raw.data()) == 1) {
    return {raw.data(), 4};
  }
  if (type == kTypeAaaa &&
      inet_pton(AF_INET6, address.c_str(), raw.data()) == 1) {
    return {raw.data(), 16};
  }
  return {};
}

}  // namespace

FakeDns::FakeDns(std::map<std::string, Name> names, const std::string& listen)
    : names_(std::move(names)) {
  descriptor_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto port = listen.empty() ? 0 : base::parse_endpoint(listen)->port;
  const auto address =
      SocketAddress::parse("127.0.0.1", static_cast<std::uint16_t>(port));
  REQUIRE(::bind(descriptor_, address->get(), address->size()) == 0);
  // It looks now and then whether it is to stop: whatever would wake it might
  // be lost as any datagram, and its end be waited for in vain.
  const timeval wait{.tv_sec = 0, .tv_usec = 20'000};
  REQUIRE(setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &wait,
                     sizeof wait) == 0);
  thread_ = std::thread([this] { serve(); });
}

FakeDns::~FakeDns() {
  stopping_ = true;
  thread_.join();
  ::close(descriptor_);
}

std::string FakeDns::servers() const {
  return SocketAddress::local_of(descriptor_).to_string();
}

void FakeDns::serve() {
  std::array<char, 1024> buffer{};
  while (!stopping_) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const ssize_t count =
        ::recvfrom(descriptor_, buffer.data(), buffer.size(), 0,
                   reinterpret_cast<sockaddr*>(&from), &size);
    if (count < static_cast<ssize_t>(kHeaderSize)) continue;
    ++questions_;
    const std::string reply =
        answer({buffer.data(), static_cast<std::size_t>(count)});
    if (reply.empty()) continue;
    ::sendto(descriptor_, reply.data(), reply.size(), 0,
             reinterpret_cast<sockaddr*>(&from), size);
  }
}

// RFC 1035, section 4: header, the question repeated, one record an address.
std::string FakeDns::answer(std::string_view question) {
  std::string name;
  std::size_t at = kHeaderSize;
  while (question.at(at) != 0) {
    const auto length = static_cast<std::size_t>(question[at]);
    if (!name.empty()) name += '.';
    name += question.substr(at + 1, length);
    at += 1 + length;
  }
  const int type = question.at(at + 2);
  const std::string_view asked =
      question.substr(kHeaderSize, at + 5 - kHeaderSize);

  const auto found = names_.find(name);
  std::string records;
  std::size_t count = 0;
  if (found != names_.end()) {
    Name& known = found->second;
    if (known.silent_questions != 0) {
      if (known.silent_questions > 0) --known.silent_questions;
      return {};
    }
    if (known.ipv6_silent && type == kTypeAaaa) return {};
    if (!known.garbage.empty()) {
      return std::string(question.substr(0, 2)) + known.garbage;
    }
    for (const auto& address : known.addresses) {
      const std::string data = record_data(address, type);
      if (data.empty()) continue;
      ++count;
      records += two_bytes(0xc00c);  // the question's name
      records += asked.substr(asked.size() - 4);
      records += two_bytes(0) + two_bytes(60);  // seconds to live
      records += two_bytes(data.size()) + data;
    }
  }
  const std::size_t flags = found == names_.end() ? 0x8183 : 0x8180;
  return std::string(question.substr(0, 2)) + two_bytes(flags) + two_bytes(1) +
         two_bytes(count) + two_bytes(0) + two_bytes(0) + std::string(asked) +
         records;
}

}  // namespace waypost::transport::test

#ifndef WAYPOST_TESTS_WIRE_TRANSPORT_FAKE_DNS_H_
#define WAYPOST_TESTS_WIRE_TRANSPORT_FAKE_DNS_H_

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace waypost::transport::test {

// A name server on a loopback port, on a thread of its own. It knows the names
// that it was given at the start, keeps silent about those it was told to, and
// answers "no such name" for the rest.
class FakeDns {
 public:
  struct Name {
    std::vector<std::string> addresses = {};  // numeric, IPv4 and IPv6
    int silent_questions = 0;  // so many are not answered first; -1: none is
    bool ipv6_silent = false;  // questions for IPv6 addresses are not answered
    // Answered with this behind the question's number, as it is.
    std::string garbage = {};
  };

  // `listen`: what servers() of an earlier one said; empty: a free port.
  explicit FakeDns(std::map<std::string, Name> names,
                   const std::string& listen = {});
  ~FakeDns();
  FakeDns(const FakeDns&) = delete;
  FakeDns& operator=(const FakeDns&) = delete;

  // For ResolverOptions::servers.
  std::string servers() const;
  int questions() const { return questions_; }

 private:
  void serve();
  std::string answer(std::string_view question);

  int descriptor_ = -1;
  std::map<std::string, Name> names_;
  std::atomic<int> questions_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace waypost::transport::test

#endif  // WAYPOST_TESTS_WIRE_TRANSPORT_FAKE_DNS_H_

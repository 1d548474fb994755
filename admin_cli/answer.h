#ifndef WAYPOST_ADMIN_CLI_ANSWER_H_
#define WAYPOST_ADMIN_CLI_ANSWER_H_

#include <algorithm>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/error.h"

namespace waypost::admin {

// What one nameserver said, or why it said nothing.
template <typename T>
struct Answer {
  base::Endpoint nameserver;
  base::Result<T> result;
};
// In the order in which the nameservers were given.
template <typename T>
using Answers = std::vector<Answer<T>>;

// "No such topic" is an answer; a refused connection or a nameserver that is
// not ready is a reason to ask another one.
template <typename T>
bool settles(const base::Result<T>& result) {
  return result || result.error().code == base::ErrorCode::kNotFound ||
         result.error().code == base::ErrorCode::kInvalidArgument;
}

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;   // nobody answered, or not found
inline constexpr int kExitUsage = 2;    // as process::kExitUsage
inline constexpr int kExitPartial = 3;  // --all: some answered, some did not

template <typename T>
int exit_status_of(const Answers<T>& answers, bool all) {
  const auto good = static_cast<std::size_t>(
      std::count_if(answers.begin(), answers.end(),
                    [](const Answer<T>& each) { return bool(each.result); }));
  if (good == 0) return kExitFailed;
  return all && good < answers.size() ? kExitPartial : kExitOk;
}

// One line for standard error for each nameserver that gave no answer.
std::string failure_line(const base::Endpoint& nameserver,
                         const base::Error& error);
template <typename T>
std::string failure_lines(const Answers<T>& answers) {
  std::string lines;
  for (const Answer<T>& answer : answers) {
    if (answer.result) continue;
    lines += failure_line(answer.nameserver, answer.result.error());
  }
  return lines;
}

// What a command prints and how it ends.
struct Outcome {
  std::string out;
  std::string err;
  int exit_status = kExitOk;
};

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_ANSWER_H_

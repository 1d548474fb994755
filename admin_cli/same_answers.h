#ifndef WAYPOST_ADMIN_CLI_SAME_ANSWERS_H_
#define WAYPOST_ADMIN_CLI_SAME_ANSWERS_H_

#include <algorithm>
#include <string>
#include <vector>

#include "admin_cli/answer.h"

namespace waypost::admin {

// Nameservers that say the same.
template <typename T>
struct SameAnswer {
  const T* value;
  std::string nameservers;  // "a:1, b:2"
};

// In the order of the first that says it; those without an answer are left out.
template <typename T, typename Same>
std::vector<SameAnswer<T>> group_answers(const Answers<T>& answers, Same same) {
  std::vector<SameAnswer<T>> groups;
  for (const Answer<T>& answer : answers) {
    if (!answer.result) continue;
    const auto found = std::find_if(groups.begin(), groups.end(),
                                    [&](const SameAnswer<T>& each) {
                                      return same(*each.value, *answer.result);
                                    });
    if (found == groups.end()) {
      groups.push_back({&*answer.result, answer.nameserver.to_string()});
    } else {
      found->nameservers += ", " + answer.nameserver.to_string();
    }
  }
  return groups;
}

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_SAME_ANSWERS_H_

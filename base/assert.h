#ifndef WAYPOST_BASE_ASSERT_H_
#define WAYPOST_BASE_ASSERT_H_

namespace waypost::base {

// Writes "file:line: assertion failed: text" to standard error and aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* file,
                                   int line);

}  // namespace waypost::base

// For what only a bug of our own can break, in every build. What a peer or an
// operator can cause is an Error, never an assertion.
#define WAYPOST_ASSERT(condition) \
  ((condition)                    \
       ? static_cast<void>(0)     \
       : ::waypost::base::assertion_failed(#condition, __FILE__, __LINE__))

#endif  // WAYPOST_BASE_ASSERT_H_

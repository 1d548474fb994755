#ifndef WAYPOST_BASE_BYTE_BUDGET_H_
#define WAYPOST_BASE_BYTE_BUDGET_H_

#include <atomic>
#include <cstddef>

namespace waypost::base {

// How many bytes a whole process may hold for one purpose, such as frames that
// have not arrived completely. Thread-safe; never blocks.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t limit) : limit_(limit) {}

  // Takes `bytes`; false, and nothing taken, when that would pass the limit.
  [[nodiscard]] bool take(std::size_t bytes) {
    const std::size_t before =
        used_.fetch_add(bytes, std::memory_order_relaxed);
    if (bytes <= limit_ && before <= limit_ - bytes) return true;
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
  void give_back(std::size_t bytes) {
    used_.fetch_sub(bytes, std::memory_order_relaxed);
  }

  std::size_t used() const { return used_.load(std::memory_order_relaxed); }
  std::size_t limit() const { return limit_; }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> used_{0};
};

}  // namespace waypost::base

#endif  // WAYPOST_BASE_BYTE_BUDGET_H_

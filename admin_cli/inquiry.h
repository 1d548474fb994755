#ifndef WAYPOST_ADMIN_CLI_INQUIRY_H_
#define WAYPOST_ADMIN_CLI_INQUIRY_H_

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "admin_cli/answer.h"
#include "admin_cli/questions.h"

namespace waypost::admin {

// Puts one question to several nameservers: in turn until one settles it, or to
// all of them at once. `on_done` is called once, from the loop, with what those
// said that were asked; the inquiry must live until then, and must not be
// destroyed within that call. Destroying it before cancels it.
template <typename T>
class Inquiry {
 public:
  using Ask = std::function<std::unique_ptr<Question>(
      const base::Endpoint& nameserver, OnAnswer<T> on_answer)>;
  using OnDone = std::function<void(Answers<T>)>;

  Inquiry(std::vector<base::Endpoint> nameservers, bool all, Ask ask,
          OnDone on_done)
      : nameservers_(std::move(nameservers)),
        all_(all),
        ask_(std::move(ask)),
        on_done_(std::move(on_done)) {}
  Inquiry(const Inquiry&) = delete;
  Inquiry& operator=(const Inquiry&) = delete;

  void start() {
    for (const base::Endpoint& nameserver : nameservers_) {
      answers_.push_back({nameserver, unanswered()});
    }
    if (!all_) return ask_nameserver(0);
    waiting_for_ = nameservers_.size();
    for (std::size_t i = 0; i < nameservers_.size(); ++i) ask_nameserver(i);
  }

 private:
  static base::Result<T> unanswered() {
    return base::fail(base::ErrorCode::kInternal, "not asked");
  }

  void ask_nameserver(std::size_t index) {
    questions_.push_back(
        ask_(nameservers_[index], [this, index](base::Result<T> result) {
          take(index, std::move(result));
        }));
  }

  void take(std::size_t index, base::Result<T> result) {
    answers_[index].result = std::move(result);
    if (all_) {
      if (--waiting_for_ == 0) on_done_(std::move(answers_));
      return;
    }
    const bool last = index + 1 == nameservers_.size();
    if (!last && !settles(answers_[index].result)) {
      return ask_nameserver(index + 1);
    }
    answers_.erase(answers_.begin() + static_cast<std::ptrdiff_t>(index) + 1,
                   answers_.end());
    on_done_(std::move(answers_));
  }

  const std::vector<base::Endpoint> nameservers_;
  const bool all_;
  const Ask ask_;
  const OnDone on_done_;
  Answers<T> answers_;
  std::size_t waiting_for_ = 0;
  // Kept to the end: a question may not be destroyed within its own callback.
  std::vector<std::unique_ptr<Question>> questions_;
};

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_INQUIRY_H_

#ifndef WAYPOST_ADMIN_CLI_LISTING_QUESTION_H_
#define WAYPOST_ADMIN_CLI_LISTING_QUESTION_H_

#include <iterator>
#include <utility>
#include <vector>

#include "admin_cli/conversation.h"
#include "wire/codec/frame.h"
#include "wire/rpc/call.h"

namespace waypost::admin {

// A listing, page after page: `Request` has `after`, `Page` has `next`.
template <typename Request, typename Page, typename Entry,
          std::vector<Entry> Page::*Entries>
class ListingQuestion final : public Conversation {
 public:
  using Conversation::Conversation;

  void start(codec::FrameKind kind, Request first,
             OnAnswer<std::vector<Entry>> on_answer) {
    kind_ = kind;
    request_ = std::move(first);
    on_answer_ = std::move(on_answer);
    ask_page();
  }

 private:
  void ask_page() {
    rpc::call<Page>(channel(), kind_, request_, timeout(),
                    [this](auto page) { take(std::move(page)); });
  }

  void take(base::Result<Page> page) {
    if (!page) return on_answer_(tl::unexpected(page.error()));
    auto& entries = (*page).*Entries;
    if (entries_.size() + entries.size() > kListingMaxEntries) {
      return on_answer_(
          base::fail(base::ErrorCode::kTooLarge, "the listing does not end"));
    }
    entries_.insert(entries_.end(), std::make_move_iterator(entries.begin()),
                    std::make_move_iterator(entries.end()));
    if (page->next.empty()) return on_answer_(std::move(entries_));
    // A page without entries that asks for another could go on for ever.
    if (page->next == request_.after || entries.empty()) {
      return on_answer_(base::fail(base::ErrorCode::kMalformed,
                                   "the listing does not advance"));
    }
    request_.after = page->next;
    ask_page();
  }

  codec::FrameKind kind_ = codec::FrameKind::kListBrokers;
  Request request_;
  std::vector<Entry> entries_;
  OnAnswer<std::vector<Entry>> on_answer_;
};

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_LISTING_QUESTION_H_

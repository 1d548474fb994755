#include "admin_cli/admin_questions.h"

#include <utility>

#include "admin_cli/conversation.h"
#include "admin_cli/listing_question.h"
#include "admin_cli/text_table.h"
#include "wire/rpc/call.h"

namespace waypost::admin {
namespace {

using base::Endpoint;
using codec::FrameKind;

using KvQuestion = ListingQuestion<model::KvListRequest, model::KvPage,
                                   model::KvEntry, &model::KvPage::entries>;
using OverridesQuestion =
    ListingQuestion<model::PageRequest, model::OverridePage,
                    model::PermissionOverride, &model::OverridePage::overrides>;

// One request, one reply, and what `conclude` makes of it.
template <typename Answer, typename Reply>
class OneCall final : public Conversation {
 public:
  using Conversation::Conversation;
  using Conclude = Answer (*)(Reply reply);

  void start(FrameKind kind, std::string payload, Conclude conclude,
             OnAnswer<Answer> on_answer) {
    rpc::call_encoded<Reply>(
        channel(), kind, std::move(payload), timeout(),
        [conclude, on_answer = std::move(on_answer)](auto reply) {
          if (!reply) return on_answer(tl::unexpected(reply.error()));
          on_answer(conclude(std::move(*reply)));
        });
  }
};

template <typename Answer, typename Reply>
std::unique_ptr<Question> ask_once(
    const AskContext& context, const Endpoint& nameserver, FrameKind kind,
    std::string payload, typename OneCall<Answer, Reply>::Conclude conclude,
    OnAnswer<Answer> on_answer) {
  auto question = std::make_unique<OneCall<Answer, Reply>>(context, nameserver);
  question->start(kind, std::move(payload), conclude, std::move(on_answer));
  return question;
}

template <typename Request>
std::unique_ptr<Question> ask_change(const AskContext& context,
                                     const Endpoint& nameserver, FrameKind kind,
                                     const Request& request,
                                     OnAnswer<Change> on_answer) {
  return ask_once<Change, model::ChangeReply>(
      context, nameserver, kind, codec::encode(request),
      [](model::ChangeReply reply) {
        return Change{reply.changed, ""};
      },
      std::move(on_answer));
}

// A few puts are under way at a time: each waits for the nameserver's disk,
// which takes what waits there together.
class ImportQuestion final : public Conversation {
 public:
  using Conversation::Conversation;

  void start(std::vector<model::KvEntry> entries, OnAnswer<Change> on_answer) {
    entries_ = std::move(entries);
    on_answer_ = std::move(on_answer);
    if (entries_.empty()) return ask_nothing();
    while (under_way_ < kWindow && next_ < entries_.size()) put_next();
  }

 private:
  static constexpr std::size_t kWindow = 64;

  // So that a nameserver that is not there does not count as one that took it.
  void ask_nothing() {
    rpc::ping(channel(), timeout(), [this](const base::Status& answered) {
      if (!answered) return finish(tl::unexpected(answered.error()));
      finish(conclude());
    });
  }

  void put_next() {
    const std::size_t index = next_++;
    ++under_way_;
    rpc::call<model::ChangeReply>(
        channel(), FrameKind::kKvPut, model::KvPutRequest{entries_[index]},
        timeout(),
        [this, index](auto reply) { take(index, std::move(reply)); });
  }

  void take(std::size_t index, const base::Result<model::ChangeReply>& reply) {
    --under_way_;
    if (finished_) return;
    if (!reply) {
      base::Error error = reply.error();
      error.message = "entry " + entries_[index].name_space + " " +
                      entries_[index].key + ": " + error.message + " (" +
                      std::to_string(taken_) + " were taken before)";
      return finish(tl::unexpected(std::move(error)));
    }
    ++taken_;
    if (reply->changed) ++changed_;
    if (next_ < entries_.size()) return put_next();
    if (under_way_ == 0) finish(conclude());
  }

  Change conclude() const {
    return {changed_ > 0, std::to_string(changed_) + " set, " +
                              std::to_string(taken_ - changed_) + " as before"};
  }

  void finish(base::Result<Change> result) {
    finished_ = true;
    on_answer_(std::move(result));
  }

  std::vector<model::KvEntry> entries_;
  OnAnswer<Change> on_answer_;
  std::size_t next_ = 0;
  std::size_t under_way_ = 0;
  std::size_t taken_ = 0;
  std::size_t changed_ = 0;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<Question> ask_kv_entries(
    const AskContext& context, const Endpoint& nameserver,
    const std::optional<std::string>& name_space,
    OnAnswer<std::vector<model::KvEntry>> on_answer) {
  auto question = std::make_unique<KvQuestion>(context, nameserver);
  question->start(FrameKind::kKvList, {name_space, "", 0},
                  std::move(on_answer));
  return question;
}

std::unique_ptr<Question> ask_kv_value(const AskContext& context,
                                       const Endpoint& nameserver,
                                       const model::KvGetRequest& request,
                                       OnAnswer<std::string> on_answer) {
  return ask_once<std::string, model::KvGetReply>(
      context, nameserver, FrameKind::kKvGet, codec::encode(request),
      [](model::KvGetReply reply) { return std::move(reply.value); },
      std::move(on_answer));
}

std::unique_ptr<Question> ask_overrides(
    const AskContext& context, const Endpoint& nameserver,
    const std::string& prefix,
    OnAnswer<std::vector<model::PermissionOverride>> on_answer) {
  auto question = std::make_unique<OverridesQuestion>(context, nameserver);
  question->start(FrameKind::kListOverrides, {prefix, "", 0},
                  std::move(on_answer));
  return question;
}

std::unique_ptr<Question> ask_settings(
    const AskContext& context, const Endpoint& nameserver,
    OnAnswer<std::vector<model::Setting>> on_answer) {
  return ask_once<std::vector<model::Setting>, model::SettingList>(
      context, nameserver, FrameKind::kListSettings, "",
      [](model::SettingList list) { return std::move(list.settings); },
      std::move(on_answer));
}

std::unique_ptr<Question> ask_kv_put(const AskContext& context,
                                     const Endpoint& nameserver,
                                     const model::KvEntry& entry,
                                     OnAnswer<Change> on_answer) {
  return ask_change(context, nameserver, FrameKind::kKvPut,
                    model::KvPutRequest{entry}, std::move(on_answer));
}

std::unique_ptr<Question> ask_kv_import(
    const AskContext& context, const Endpoint& nameserver,
    const std::vector<model::KvEntry>& entries, OnAnswer<Change> on_answer) {
  auto question = std::make_unique<ImportQuestion>(context, nameserver);
  question->start(entries, std::move(on_answer));
  return question;
}

std::unique_ptr<Question> ask_kv_delete(const AskContext& context,
                                        const Endpoint& nameserver,
                                        const model::KvDeleteRequest& request,
                                        OnAnswer<Change> on_answer) {
  return ask_change(context, nameserver, FrameKind::kKvDelete, request,
                    std::move(on_answer));
}

std::unique_ptr<Question> ask_set_override(
    const AskContext& context, const Endpoint& nameserver,
    const model::SetOverrideRequest& request, OnAnswer<Change> on_answer) {
  return ask_change(context, nameserver, FrameKind::kSetOverride, request,
                    std::move(on_answer));
}

std::unique_ptr<Question> ask_clear_override(const AskContext& context,
                                             const Endpoint& nameserver,
                                             const model::BrokerName& broker,
                                             OnAnswer<Change> on_answer) {
  return ask_change(context, nameserver, FrameKind::kClearOverride,
                    model::ClearOverrideRequest{broker}, std::move(on_answer));
}

std::unique_ptr<Question> ask_delete_topic(
    const AskContext& context, const Endpoint& nameserver,
    const model::DeleteTopicRequest& request, OnAnswer<Change> on_answer) {
  return ask_once<Change, model::DeleteTopicReply>(
      context, nameserver, FrameKind::kDeleteTopic, codec::encode(request),
      [](model::DeleteTopicReply reply) {
        return Change{
            reply.group_count > 0,
            reply.group_count > 0
                ? "taken from " + counted(reply.group_count, "broker group")
                : "no broker group has it"};
      },
      std::move(on_answer));
}

std::unique_ptr<Question> ask_change_setting(
    const AskContext& context, const Endpoint& nameserver,
    const model::ChangeSettingRequest& request, OnAnswer<Change> on_answer) {
  return ask_change(context, nameserver, FrameKind::kChangeSetting, request,
                    std::move(on_answer));
}

}  // namespace waypost::admin

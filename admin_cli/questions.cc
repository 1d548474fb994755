#include "admin_cli/questions.h"

#include <utility>

#include "admin_cli/conversation.h"
#include "admin_cli/listing_question.h"
#include "wire/codec/frame.h"
#include "wire/rpc/call.h"

namespace waypost::admin {
namespace {

using codec::FrameKind;

using BrokersQuestion =
    ListingQuestion<model::PageRequest, model::BrokerPage, model::BrokerListing,
                    &model::BrokerPage::brokers>;
using TopicsQuestion =
    ListingQuestion<model::PageRequest, model::TopicPage, model::TopicListing,
                    &model::TopicPage::topics>;

// A query for one topic: its route, or why there is none.
class RouteQuestion final : public Conversation {
 public:
  using Conversation::Conversation;

  void start(const model::TopicName& topic,
             OnAnswer<model::VersionedRoute> on_answer) {
    model::RouteQueryRequest query;
    query.topics.push_back({topic, {}});
    rpc::query_routes(channel(), query, timeout(),
                      [topic, on_answer = std::move(on_answer)](auto answer) {
                        on_answer(conclude(topic, std::move(answer)));
                      });
  }

 private:
  static base::Result<model::VersionedRoute> conclude(
      const model::TopicName& topic, base::Result<rpc::RouteAnswer> answer) {
    if (!answer) return tl::unexpected(answer.error());
    if (answer->routes.empty()) {
      if (!answer->end.errors.empty()) {
        return tl::unexpected(answer->end.errors[0].error);
      }
      return base::fail(base::ErrorCode::kMalformed,
                        "the answer holds neither a route nor an error");
    }
    if (answer->routes[0].route.topic != topic) {
      return base::fail(base::ErrorCode::kMalformed,
                        "the answer is the route of another topic, " +
                            answer->routes[0].route.topic.value());
    }
    return std::move(answer->routes[0]);
  }
};

class PingQuestion final : public Conversation {
 public:
  using Conversation::Conversation;

  // The first ping connects; the second is the one that is timed.
  void start(OnAnswer<PingAnswer> on_answer) {
    on_answer_ = std::move(on_answer);
    started_ = now();
    ping([this] {
      sent_ = now();
      ping([this] { on_answer_(conclude()); });
    });
  }

 private:
  void ping(std::function<void()> on_pong) {
    rpc::ping(channel(), timeout(),
              [this, on_pong = std::move(on_pong)](const base::Status& status) {
                if (!status) return on_answer_(tl::unexpected(status.error()));
                on_pong();
              });
  }

  void on_hello() override { connected_ = now(); }

  base::Result<PingAnswer> conclude() const {
    if (!hello()) {
      return base::fail(base::ErrorCode::kMalformed, "no hello was answered");
    }
    PingAnswer answer;
    answer.server_name = hello()->server_name;
    answer.server_version = hello()->server_version;
    answer.incarnation = hello()->incarnation;
    answer.state = hello()->state;
    answer.state_reason = hello()->state_reason;
    answer.connected_after = connected_ - started_;
    answer.round_trip = now() - sent_;
    return answer;
  }

  OnAnswer<PingAnswer> on_answer_;
  base::Instant started_;
  base::Instant connected_;
  base::Instant sent_;
};

}  // namespace

std::unique_ptr<Question> ask_brokers(
    const AskContext& context, const base::Endpoint& nameserver,
    const std::string& prefix,
    OnAnswer<std::vector<model::BrokerListing>> on_answer) {
  auto question = std::make_unique<BrokersQuestion>(context, nameserver);
  question->start(FrameKind::kListBrokers, {prefix, "", 0},
                  std::move(on_answer));
  return question;
}

std::unique_ptr<Question> ask_topics(
    const AskContext& context, const base::Endpoint& nameserver,
    const std::string& prefix,
    OnAnswer<std::vector<model::TopicListing>> on_answer) {
  auto question = std::make_unique<TopicsQuestion>(context, nameserver);
  question->start(FrameKind::kListTopics, {prefix, "", 0},
                  std::move(on_answer));
  return question;
}

std::unique_ptr<Question> ask_route(const AskContext& context,
                                    const base::Endpoint& nameserver,
                                    const model::TopicName& topic,
                                    OnAnswer<model::VersionedRoute> on_answer) {
  auto question = std::make_unique<RouteQuestion>(context, nameserver);
  question->start(topic, std::move(on_answer));
  return question;
}

std::unique_ptr<Question> ask_ping(const AskContext& context,
                                   const base::Endpoint& nameserver,
                                   OnAnswer<PingAnswer> on_answer) {
  auto question = std::make_unique<PingQuestion>(context, nameserver);
  question->start(std::move(on_answer));
  return question;
}

}  // namespace waypost::admin

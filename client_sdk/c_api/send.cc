// Picks, reports and sends.

#include <array>
#include <memory>
#include <vector>

#include "client_sdk/c_api/handles.h"
#include "client_sdk/runtime/broker_arena.h"

using namespace waypost;         // NOLINT: all of it is a face of that
using namespace waypost::c_api;  // NOLINT

namespace {

waypost_pick to_c(const Pick& pick) {
  const Broker& broker = pick.broker();
  waypost_pick all{};
  all.struct_size = sizeof all;
  all.broker = broker.name.c_str();
  all.address = broker.address.c_str();
  all.host = broker.host.c_str();
  all.broker_id = broker.id;
  all.queue = pick.queue();
  all.port = broker.port;
  all.internal = &client::PickMaker::record(pick);
  return all;
}

// An empty pick if it is not one that we gave.
Result<Pick> from_c(const waypost_pick* given) {
  waypost_pick pick{};
  if (auto read = read_sized(given, pick); !read) return read.error();
  if (pick.internal == nullptr) return invalid("an empty pick");
  return client::PickMaker::make(
      static_cast<const client::BrokerRecord*>(pick.internal), pick.queue);
}

Result<Selector> to_selector(int32_t selector) {
  if (selector < WAYPOST_SELECT_DEFAULT ||
      selector > WAYPOST_SELECT_LEAST_LATENCY) {
    return invalid("no such selector: " + std::to_string(selector));
  }
  return static_cast<Selector>(selector);
}

Result<Outcome> to_outcome(int32_t outcome) {
  if (outcome < WAYPOST_SUCCEEDED || outcome > WAYPOST_REJECTED) {
    return invalid("no such outcome: " + std::to_string(outcome));
  }
  return static_cast<Outcome>(outcome);
}

std::string_view to_key(const void* key, std::size_t size) {
  return key == nullptr ? std::string_view{}
                        : std::string_view(static_cast<const char*>(key), size);
}

// The elements are as large as the caller's version of them.
Result<std::vector<Pick>> to_avoid(const waypost_pick* first,
                                   std::size_t count) {
  std::vector<Pick> avoid;
  if (first == nullptr || count == 0) return avoid;
  const auto* bytes = reinterpret_cast<const unsigned char*>(first);
  for (std::size_t i = 0; i < count; ++i, bytes += first->struct_size) {
    auto pick = from_c(reinterpret_cast<const waypost_pick*>(bytes));
    if (!pick) return pick.error();
    avoid.push_back(*pick);
  }
  return avoid;
}

AttemptResult run_attempt(waypost_attempt attempt, void* context,
                          const Pick& pick, std::chrono::nanoseconds budget) {
  std::array<char, 256> why{};
  const waypost_pick given = to_c(pick);
  const auto said =
      attempt(context, &given, budget.count(), why.data(), why.size());
  why.back() = '\0';
  const auto outcome = to_outcome(said);
  if (!outcome) return AttemptResult::failed(outcome.error().message);
  return {*outcome, why.data()};
}

}  // namespace

waypost_code waypost_client_topic(waypost_client* client, const char* name,
                                  waypost_topic** out, waypost_error** error) {
  return guarded(error, [&]() -> Status {
    if (client == nullptr || name == nullptr || out == nullptr) {
      return invalid("waypost_client_topic: a parameter is NULL");
    }
    *out = nullptr;
    const Topic topic = client->client.topic(name);
    if (!topic.valid()) {
      const auto why = client->client.pick(name);
      return why ? invalid("the topic was refused") : why.error();
    }
    *out = new waypost_topic{topic};
    return {};
  });
}

void waypost_topic_free(waypost_topic* topic) { delete topic; }

waypost_code waypost_topic_pick(const waypost_topic* topic,
                                const waypost_pick_options* options,
                                waypost_pick* out, waypost_error** error) {
  return guarded(error, [&]() -> Status {
    if (topic == nullptr) return invalid("topic is NULL");
    waypost_pick_options all{};
    if (auto read = read_sized(options, all); !read) return read;
    if (all.purpose != WAYPOST_PRODUCE && all.purpose != WAYPOST_CONSUME) {
      return invalid("no such purpose: " + std::to_string(all.purpose));
    }
    const auto selector = to_selector(all.selector);
    if (!selector) return selector.error();
    const auto avoid = to_avoid(all.avoid, all.avoid_count);
    if (!avoid) return avoid.error();
    const auto pick =
        topic->topic.pick({.purpose = static_cast<PickFor>(all.purpose),
                           .selector = *selector,
                           .key = to_key(all.key, all.key_size),
                           .avoid = *avoid});
    if (!pick) return pick.error();
    return write_sized(to_c(*pick), out);
  });
}

waypost_code waypost_client_report(waypost_client* client,
                                   const waypost_pick* pick,
                                   waypost_outcome outcome,
                                   int64_t latency_ns) {
  return guarded(nullptr, [&]() -> Status {
    if (client == nullptr || pick == nullptr) return invalid("NULL");
    const auto ours = from_c(pick);
    if (!ours) return ours.error();
    const auto known = to_outcome(outcome);
    if (!known) return known.error();
    client->client.report(*ours, *known, std::chrono::nanoseconds(latency_ns));
    return {};
  });
}

namespace {

Result<SendOptions> to_options(const waypost_send_options* given) {
  waypost_send_options all{};
  if (auto read = read_sized(given, all); !read) return read.error();
  const auto selector = to_selector(all.selector);
  if (!selector) return selector.error();
  SendOptions ours;
  ours.budget = std::chrono::nanoseconds(all.budget_ns);
  ours.attempts_max = all.attempts_most;
  ours.key = to_key(all.key, all.key_size);
  ours.selector = *selector;
  ours.cancel = token_of(all.cancel);
  return ours;
}

waypost_send_report to_report(const SendResult& sent) {
  waypost_send_report told{};
  told.struct_size = sizeof told;
  told.elapsed_ns = sent.elapsed.count();
  told.attempts = sent.attempts.size();
  return told;
}

}  // namespace

waypost_code waypost_client_send(waypost_client* client, const char* topic,
                                 waypost_attempt attempt, void* context,
                                 const waypost_send_options* options,
                                 waypost_send_report* report,
                                 waypost_error** error) {
  return guarded(error, [&]() -> Status {
    if (client == nullptr || topic == nullptr || attempt == nullptr) {
      return invalid("waypost_client_send: a parameter is NULL");
    }
    const auto ours = to_options(options);
    if (!ours) return ours.error();
    const auto sent = client->client.send(
        topic,
        [&](const Pick& pick, std::chrono::nanoseconds budget) {
          return run_attempt(attempt, context, pick, budget);
        },
        *ours);
    if (report != nullptr) {
      if (auto wrote = write_sized(to_report(sent), report); !wrote) {
        return wrote;
      }
    }
    return sent.status;
  });
}

waypost_code waypost_client_send_async(
    waypost_client* client, const char* topic, waypost_async_attempt attempt,
    void* context, const waypost_send_options* options,
    void (*on_done)(void* context, waypost_code code,
                    const waypost_send_report* report,
                    const waypost_error* error),
    waypost_error** error) {
  return guarded(error, [&]() -> Status {
    if (client == nullptr || topic == nullptr || attempt == nullptr ||
        on_done == nullptr) {
      return invalid("waypost_client_send_async: a parameter is NULL");
    }
    const auto ours = to_options(options);
    if (!ours) return ours.error();
    return client->client.send_async(
        topic,
        [attempt, context](const Pick& pick, std::chrono::nanoseconds budget,
                           PendingAttempt pending) {
          const waypost_pick given = to_c(pick);
          attempt(context, &given, budget.count(),
                  new waypost_pending{std::move(pending)});
        },
        *ours,
        [on_done, context](const SendResult& sent) {
          const waypost_send_report report = to_report(sent);
          if (sent.status) {
            return on_done(context, WAYPOST_OK, &report, nullptr);
          }
          const waypost_error failure = as_error(sent.status.error());
          on_done(context, static_cast<waypost_code>(failure.code), &report,
                  &failure);
        });
  });
}

void waypost_pending_complete(waypost_pending* attempt, waypost_outcome outcome,
                              const char* why) {
  if (attempt == nullptr) return;
  const std::unique_ptr<waypost_pending> freed(attempt);
  const auto known = to_outcome(outcome);
  freed->attempt.complete(known
                              ? AttemptResult{*known, why == nullptr ? "" : why}
                              : AttemptResult::failed(known.error().message));
}

int32_t waypost_pending_over(const waypost_pending* attempt) {
  return attempt == nullptr || attempt->attempt.over() ? 1 : 0;
}

void waypost_pending_free(waypost_pending* attempt) { delete attempt; }

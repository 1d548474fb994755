// Registrations, a few in each turn of the registry's thread, large ones in
// parts: signs of life that arrive meanwhile wait for no more than that.

#include <utility>
#include <variant>

#include "namesrv/registry/parts.h"
#include "namesrv/service/name_service.h"

namespace waypost::service {
namespace {

// Topics that the registrations of one turn may change, and one more part: some
// ten milliseconds.
constexpr std::size_t kTopicsPerTurn = 2 * registry::kTopicsPerPart;

}  // namespace

void NameService::perform_registrations() {
  std::size_t topics = 0;
  while (!registrations_.empty() && topics < kTopicsPerTurn) {
    topics += perform_some(registrations_.front());
    if (!next_topic_) registrations_.pop_front();
  }
}

// All of it, or, of a large registration, a part; how many topics that may have
// changed.
std::size_t NameService::perform_some(Write& write) {
  auto* event = std::get_if<registry::Event>(&write.work);
  auto* registration =
      event == nullptr ? nullptr : std::get_if<registry::Register>(event);
  if (registration == nullptr) {
    perform(write);
    return 0;
  }
  if (!next_topic_) {
    const std::size_t topics =
        registry_.topics_to_change(*registration, registry::kTopicsPerPart);
    if (topics <= registry::kTopicsPerPart) {
      perform(write);
      return topics;
    }
    next_topic_ = 0;
  }
  if (!take_part(*event, write.on_reply)) next_topic_.reset();
  return registry::kTopicsPerPart;
}

// False: that was the last, or there will be no more.
bool NameService::take_part(registry::Event& event,
                            const ReplyCallback& on_reply) {
  auto& whole = std::get<registry::Register>(event);
  if (*next_topic_ >= whole.request.topics.size()) {
    table_changed_ = true;
    apply(event, on_reply);
    return false;
  }
  if (refuse_while_paused(event, on_reply) || hold_back(event)) {
    table_changed_ = true;
    return false;
  }
  // Readers see it when it is whole, unless something else is published; each
  // version that they see costs a copy of what is edited after it.
  const bool changed_before = table_changed_;
  registry::Effects effects = step(registry::part_of(whole, *next_topic_));
  table_changed_ = changed_before;
  *next_topic_ += registry::kTopicsPerPart;
  if (!std::holds_alternative<base::Error>(effects.reply)) return true;
  if (on_reply) replies_.emplace_back(on_reply, std::move(effects.reply));
  table_changed_ = true;
  return false;
}

}  // namespace waypost::service

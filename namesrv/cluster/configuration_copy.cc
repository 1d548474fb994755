#include "namesrv/cluster/configuration_copy.h"

#include <iterator>
#include <utility>

namespace waypost::cluster {

ConfigurationCopy::ConfigurationCopy(base::Executor& executor, PeerCalls& calls,
                                     model::PeerName from, Limits limits,
                                     Done done)
    : executor_(executor),
      calls_(calls),
      from_(std::move(from)),
      limits_(limits),
      done_(std::move(done)) {
  ask();
}

void ConfigurationCopy::ask() {
  ++tries_;
  if (kv_done_) {
    ask_overrides();
  } else {
    ask_kv();
  }
}

void ConfigurationCopy::ask_kv() {
  model::KvListRequest request;
  request.after = after_;
  calls_.ask_kv(from_, request,
                [this, alive = alive_](base::Result<model::KvPage> page) {
                  if (!*alive) return;
                  on_page(std::move(page));
                });
}

void ConfigurationCopy::ask_overrides() {
  model::PageRequest request;
  request.after = after_;
  calls_.ask_overrides(
      from_, request,
      [this, alive = alive_](base::Result<model::OverridePage> page) {
        if (!*alive) return;
        on_page(std::move(page));
      });
}

template <typename Page>
void ConfigurationCopy::on_page(base::Result<Page> page) {
  if (!page) {
    if (tries_ >= limits_.tries) return finish(tl::unexpected(page.error()));
    timer_ = executor_.run_after(limits_.retry_after, [this] { ask(); });
    return;
  }
  tries_ = 0;
  const std::string next = page->next;
  // A peer whose pages do not get on would be asked for ever.
  if (!next.empty() && next == after_) {
    return finish(base::fail(base::ErrorCode::kMalformed,
                             "its pages of configuration do not end"));
  }
  if (auto taken = take(std::move(*page)); !taken) {
    return finish(tl::unexpected(taken.error()));
  }
  after_ = next;
  if (next.empty() && std::exchange(kv_done_, true)) {
    return finish(std::move(taken_));
  }
  ask();
}

base::Status ConfigurationCopy::take(model::KvPage page) {
  std::size_t bytes = 0;
  for (const model::KvEntry& entry : page.entries) {
    bytes += entry.name_space.size() + entry.key.size() + entry.value.size();
  }
  if (auto fits = count(page.entries.size(), bytes); !fits) return fits;
  std::move(page.entries.begin(), page.entries.end(),
            std::back_inserter(taken_.kv));
  return {};
}

base::Status ConfigurationCopy::take(model::OverridePage page) {
  std::size_t bytes = 0;
  for (const model::PermissionOverride& each : page.overrides) {
    bytes += each.broker_name.value().size() + each.owner.size() +
             each.reason.size();
  }
  if (auto fits = count(page.overrides.size(), bytes); !fits) return fits;
  std::move(page.overrides.begin(), page.overrides.end(),
            std::back_inserter(taken_.overrides));
  return {};
}

// An empty page that is not the last counts, too.
base::Status ConfigurationCopy::count(std::size_t entries, std::size_t bytes) {
  entries_ += entries + 1;
  bytes_ += bytes;
  if (entries_ <= limits_.entries_max && bytes_ <= limits_.bytes_max) return {};
  return base::fail(base::ErrorCode::kTooLarge,
                    "its configuration is larger than a nameserver keeps");
}

void ConfigurationCopy::finish(base::Result<PeerConfiguration> result) {
  if (!result) {
    result = tl::unexpected(
        result.error().with_context("configuration of " + from_.value()));
  }
  // The callback may destroy this.
  const Done done = std::exchange(done_, nullptr);
  done(std::move(result));
}

}  // namespace waypost::cluster

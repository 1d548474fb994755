#include "client_sdk/runtime/nameserver_lines.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "client_sdk/core/budget.h"
#include "wire/codec/native.h"

namespace waypost::client {

NameserverLines::NameserverLines(base::Executor& executor,
                                 transport::Network& network,
                                 const NameserverLinkOptions& options,
                                 base::Random random,
                                 NameserverLinkObserver* observer,
                                 base::Logger logger)
    : executor_(executor),
      network_(network),
      options_(options),
      random_(random),
      observer_(observer),
      logger_(logger),
      choice_(options.nameservers, options.start, random_.fork()),
      pause_max_(options.reconnect_min) {
  note_current();
}

NameserverLines::~NameserverLines() = default;

// --- Which server ---

void NameserverLines::note_current() {
  const auto current = choice_.current();
  current_name_ = current ? choice_.find(*current)->name : "";
}

void NameserverLines::set_nameservers(
    const std::vector<Nameserver>& nameservers) {
  const std::string before = current_name_;
  choice_.update(nameservers, executor_.now());
  note_current();
  // Their calls fail, and are asked elsewhere.
  const std::string why = "removed from the list of nameservers";
  const auto gone = [this](const NameserverLine& line) {
    return choice_.find(line.server()) == nullptr;
  };
  for (const auto& line : aside_) {
    if (gone(*line)) line->close(why);
  }
  if (line_ != nullptr && gone(*line_)) {
    line_->retire();
    line_->close(why);
    put_aside();
  }
  if (!before.empty() && !current_name_.empty() && before != current_name_) {
    ++switches_;
    logger_.warn("left a nameserver",
                 {{"from", before}, {"to", current_name_}, {"why", why}});
    if (observer_ != nullptr) {
      observer_->on_nameserver_switched(before, current_name_, why);
    }
  }
  reconnect_later();
}

void NameserverLines::move_to(ServerId server) {
  std::string why = std::exchange(leaving_because_, {});
  if (why.empty()) why = "not connected, and another one failed longer ago";
  if (choice_.current() == server) return;
  const std::string from = current_name_;
  choice_.move_to(server);
  note_current();
  ++switches_;
  logger_.warn("left a nameserver",
               {{"from", from}, {"to", current_name_}, {"why", why}});
  if (observer_ != nullptr) {
    observer_->on_nameserver_switched(from, current_name_, why);
  }
}

// To the next server, if there is one, although nobody asks anything now.
void NameserverLines::move_on(const std::string& why) {
  leaving_because_ = why;
  if (const auto other = choice_.best_other(executor_.now())) move_to(*other);
  reconnect_later();
}

// --- Lines ---

std::unique_ptr<NameserverLine> NameserverLines::make_line(ServerId server) {
  const Nameserver* nameserver = choice_.find(server);
  WAYPOST_ASSERT(nameserver != nullptr);
  const base::Duration share =
      share_of_budget(options_.rpc_timeout, choice_.count());
  LineSettings settings;
  settings.channel.connect_timeout =
      options_.close_on_timeout ? options_.rpc_timeout : share;
  settings.channel.hello = options_.hello;
  settings.budget = options_.rpc_timeout;
  settings.ping_timeout = share;
  if (options_.close_on_timeout)
    settings.ping_interval = options_.ping_interval;
  LineOwner& owner = *this;  // a private base
  return std::make_unique<NameserverLine>(executor_, network_, owner, server,
                                          *nameserver, std::move(settings),
                                          random_, logger_);
}

NameserverLine& NameserverLines::open(ServerId server) {
  move_to(server);
  if (line_ != nullptr && line_->server() == server && !is_stuck(*line_)) {
    return *line_;
  }
  if (line_ != nullptr) {
    if (line_->connecting() && !goes_on_late(line_->server())) {
      line_->set_late(true);
    }
    put_aside();
  }
  reconnect_timer_.reset();
  if (!bring_back(server)) line_ = make_line(server);
  return *line_;
}

// What was sent in vain when it began may be sent again seconds later: whoever
// asks now finds out sooner with a new one.
bool NameserverLines::is_stuck(const NameserverLine& line) const {
  return line.connecting() &&
         line.connecting_for() >=
             share_of_budget(options_.rpc_timeout, choice_.count());
}

// A line that stands aside and is ready is current again.
bool NameserverLines::bring_back(ServerId server) {
  const auto found =
      std::find_if(aside_.begin(), aside_.end(), [&](const auto& line) {
        return line->server() == server && !line->retired() && line->ready();
      });
  if (found == aside_.end()) return false;
  line_ = std::move(*found);
  aside_.erase(found);
  line_->set_late(false);
  sweep_soon();
  return true;
}

NameserverLine& NameserverLines::open_aside(ServerId server) {
  if (line_ != nullptr && line_->server() == server) return *line_;
  for (const auto& line : aside_) {
    if (line->server() == server && line->goes_on_late() && line->ready()) {
      return *line;
    }
  }
  return *aside_.emplace_back(make_line(server));
}

std::optional<ServerId> NameserverLines::next(const ServerIds& tried) const {
  const auto may = [&](const NameserverLine& line) {
    return line.ready() && !line.retired() && !tried.contains(line.server()) &&
           choice_.find(line.server()) != nullptr;
  };
  if (line_ != nullptr && may(*line_)) return line_->server();
  for (const auto& line : aside_) {
    if (line->late() && may(*line)) return line->server();
  }
  return choice_.best_untried(tried, executor_.now());
}

void NameserverLines::put_aside() {
  line_->set_announced(false);
  aside_.push_back(std::move(line_));
  sweep_soon();
  if (observer_ != nullptr) observer_->on_nameserver_lost();
}

void NameserverLines::give_up(NameserverLine& line, const std::string& why) {
  // Another call's failure may have been first.
  if (!line.retire()) return;
  choice_.on_failure(line.server(), executor_.now());
  logger_.debug("nameserver connection given up",
                {{"nameserver", line.name()}, {"why", why}});
  line.close(why);
  if (!is_current(line)) return sweep_soon();
  leaving_because_ = why;
  put_aside();
  reconnect_later();
}

void NameserverLines::leave(NameserverLine& line, const std::string& why) {
  if (!line.retire()) return;
  choice_.on_failure(line.server(), executor_.now());
  if (!is_current(line)) return sweep_soon();
  leaving_because_ = why;
  put_aside();
  reconnect_later();
}

void NameserverLines::leave_late(NameserverLine& line, const std::string& why) {
  if (line.retired()) return;
  // One for each server, the one that is further.
  if (!line.late() && goes_on_late(line.server())) return give_up(line, why);
  choice_.on_failure(line.server(), executor_.now());
  line.set_late(true);
  logger_.debug("nameserver connection left to go on by itself",
                {{"nameserver", line.name()}, {"why", why}});
  if (!is_current(line)) return sweep_soon();
  leaving_because_ = why;
  put_aside();
  reconnect_later();
}

bool NameserverLines::goes_on_late(ServerId server) const {
  return std::any_of(aside_.begin(), aside_.end(), [&](const auto& line) {
    return line->server() == server && line->goes_on_late();
  });
}

void NameserverLines::answered(const NameserverLine& line) {
  choice_.on_success(line.server());
  for (const auto& each : aside_) each->set_late(false);
}

// While nobody is being asked: the first that has connected.
void NameserverLines::adopt_late() {
  if (line_ != nullptr) return;
  const auto found =
      std::find_if(aside_.begin(), aside_.end(), [&](const auto& line) {
        return line->goes_on_late() && line->ready() &&
               choice_.find(line->server()) != nullptr;
      });
  if (found == aside_.end()) return;
  const ServerId server = (*found)->server();
  reconnect_timer_.reset();
  move_to(server);
  if (line_ == nullptr) bring_back(server);
}

// A line that is left may be in the midst of telling its calls that they have
// failed, so it goes in a task of its own, and not before its last call.
void NameserverLines::sweep_soon() {
  if ((aside_.empty() && !to_be_announced()) || sweep_timer_) return;
  sweep_timer_ = executor_.run_after(base::Duration::zero(), [this] {
    sweep_timer_.reset();
    std::erase_if(aside_, [](const std::unique_ptr<NameserverLine>& line) {
      return line->pending_calls() == 0 && !line->goes_on_late();
    });
    adopt_late();
    if (to_be_announced()) announce();
  });
}

// --- Staying connected ---

void NameserverLines::keep_connected() {
  keep_connected_ = true;
  reconnect_later();
}

void NameserverLines::reconnect_later() {
  if (!keep_connected_ || line_ != nullptr || reconnect_timer_) return;
  if (!choice_.current()) return;
  reconnect_timer_ = executor_.run_after(next_pause(), [this] {
    reconnect_timer_.reset();
    if (line_ != nullptr) return;
    if (const auto best = choice_.best_untried({}, executor_.now())) {
      open(*best).connect();
    }
  });
}

// Anywhere in (0, max], but for a twentieth at each end: a floor that half of
// all draws fall on would be a wave of its own.
base::Duration NameserverLines::next_pause() {
  const base::Duration pause = random_.jittered(pause_max_ / 2, 0.9);
  pause_max_ = std::min(pause_max_ * 2, options_.reconnect_max);
  return pause;
}

// --- What lines tell ---

void NameserverLines::on_line_connected(NameserverLine& line,
                                        const model::HelloReply& /*reply*/) {
  if (is_current(line)) return announce();
  if (line.late()) sweep_soon();
}

// REQUIRES: connected().
void NameserverLines::announce() {
  NameserverLine& line = *line_;
  const model::HelloReply& reply = line.hello();
  line.set_announced(true);
  pause_max_ = options_.reconnect_min;
  logger_.info("connected to a nameserver",
               {{"nameserver", line.name()},
                {"server", reply.server_name},
                {"state", model::server_state_name(reply.state)}});
  if (observer_ != nullptr) {
    observer_->on_nameserver_connected(line.name(), reply);
  }
  if (is_current(line) && reply.state == model::ServerState::kDraining) {
    on_draining(line, "draining: " + reply.state_reason);
  }
}

// Calls that were pending have failed and moved on before; what is left here is
// a connection that ended while nobody waited for anything.
void NameserverLines::on_line_ended(NameserverLine& line,
                                    const base::Error& error) {
  if (!is_current(line)) return sweep_soon();
  give_up(line, error.message);
  move_on(error.message);
}

void NameserverLines::on_line_silent(NameserverLine& line,
                                     const base::Error& error) {
  distrust(line, error.message);
}

void NameserverLines::distrust(NameserverLine& line, const std::string& why) {
  const bool current = is_current(line);
  give_up(line, why);
  if (current) move_on(why);
}

void NameserverLines::on_line_push(NameserverLine& line, codec::FrameKind kind,
                                   std::span<const std::byte> payload) {
  if (!is_current(line)) return;
  if (kind != codec::FrameKind::kDrainNotice) {
    if (observer_ != nullptr) observer_->on_nameserver_push(kind, payload);
    return;
  }
  const auto notice = codec::decode<model::DrainNotice>(payload);
  on_draining(line, "draining" + (notice && !notice->reason.empty()
                                      ? ": " + notice->reason
                                      : std::string()));
}

// Whoever has nowhere to go stays until the connection ends.
void NameserverLines::on_draining(NameserverLine& line,
                                  const std::string& why) {
  if (!choice_.best_other(executor_.now())) return;
  leave(line, why);
  move_on(why);
}

}  // namespace waypost::client

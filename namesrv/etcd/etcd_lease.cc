#include "namesrv/etcd/etcd_lease.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace waypost::etcd {

using std::chrono::minutes;
using std::chrono::seconds;

EtcdLease::EtcdLease(base::Executor& executor, transport::Network& network,
                     std::function<base::Duration()> boot_time,
                     EtcdLeaseSettings settings, base::Logger logger)
    : executor_(executor),
      boot_time_(std::move(boot_time)),
      settings_(std::move(settings)),
      logger_(logger),
      session_(executor, network, settings_.servers, settings_.user) {
  WAYPOST_ASSERT(settings_.ttl >= seconds(1) &&
                 !settings_.servers.endpoints.empty());
}

// --- Wishes, one after another; each is answered in a turn of its own ---

void EtcdLease::acquire(Done done) { want(true, std::move(done)); }

void EtcdLease::release(Done done) {
  if (id_ != 0) give_up(std::exchange(id_, 0));
  want(false, std::move(done));
}

void EtcdLease::want(bool acquire, Done done) {
  wishes_.push_back({acquire, std::move(done),
                     executor_.now() + settings_.operation_timeout});
  if (working_) return;
  // What is done in between waits; it can be done twice.
  call_.reset();
  working_ = true;
  next_ = executor_.run_after(base::Duration(0), [this] { next(); });
}

void EtcdLease::next() {
  const bool acquire = wishes_.front().acquire;
  if (acquire) holder_.clear();
  if (acquire && held()) return answer(true);
  // Lapsed by our clock, if not by etcd's.
  if (acquire && id_ != 0) give_up(std::exchange(id_, 0));
  revoke_given_up(time_left(), [this, acquire](bool gone) {
    if (!acquire || !gone) return answer(!acquire && gone);
    grant();
  });
}

void EtcdLease::answer(bool value) {
  const bool refused = wishes_.front().acquire && !value;
  const Done done = std::move(wishes_.front().done);
  wishes_.pop_front();
  working_ = !wishes_.empty();
  if (working_) {
    next_ = executor_.run_after(base::Duration(0), [this] { next(); });
  } else if (refused) {
    revoke_given_up(settings_.operation_timeout, [this](bool) { arm(); });
  }
  arm();
  done(value);
}

base::Duration EtcdLease::time_left() const {
  return std::max(wishes_.front().due - executor_.now(), base::Duration(0));
}

// --- Acquiring ---

void EtcdLease::grant() {
  const base::Duration asked_at = boot_time_();
  const auto ttl = std::chrono::duration_cast<seconds>(settings_.ttl).count();
  call_ = session_.post(kGrantPath, grant_request(ttl), time_left(),
                        [this, asked_at](base::Result<HttpResponse> response) {
                          auto granted = response.and_then(read_grant);
                          if (granted) return create(*granted, asked_at);
                          logger_.warn("the lease cannot be asked for",
                                       {{"key", settings_.key},
                                        {"why", granted.error().to_string()}});
                          answer(false);
                        });
}

void EtcdLease::create(const LeaseGrant& granted, base::Duration asked_at) {
  call_ = session_.post(
      kTxnPath, create_request(settings_.key, settings_.owner, granted.id),
      time_left(),
      [this, granted, asked_at](base::Result<HttpResponse> response) {
        const auto outcome = response.and_then(read_create);
        // A try whose answer was lost may have created it.
        const bool ours = outcome && (outcome->created ||
                                      (outcome->lease == granted.id &&
                                       outcome->value == settings_.owner));
        const base::Duration until = asked_at + seconds(granted.ttl_seconds);
        if (ours && boot_time_() < until) {
          id_ = granted.id;
          ours_until_ = until;
          return answer(true);
        }
        if (!outcome) {
          logger_.warn(
              "the lease cannot be asked for",
              {{"key", settings_.key}, {"why", outcome.error().to_string()}});
        } else if (!ours) {
          holder_ = outcome->value;
          logger_.info("another nameserver has the lease",
                       {{"key", settings_.key}, {"holder", outcome->value}});
        }
        give_up(granted.id);
        answer(false);
      });
}

// --- Giving back ---

void EtcdLease::give_up(std::int64_t id) {
  given_up_.push_back({id, boot_time_() + settings_.ttl});
}

void EtcdLease::revoke_given_up(base::Duration within,
                                std::function<void(bool)> then) {
  std::erase_if(given_up_, [now = boot_time_()](const GivenUp& each) {
    return each.until <= now;
  });
  if (given_up_.empty()) return then(true);
  const base::Instant due = executor_.now() + within;
  const std::int64_t id = given_up_.front().id;
  call_ = session_.post(
      kRevokePath, lease_request(id), within,
      [this, id, due,
       then = std::move(then)](base::Result<HttpResponse> response) {
        // Out of the closure, which the next call destroys.
        const auto go_on = then;
        const auto revoked = response.and_then(read_revoke);
        if (!revoked) {
          logger_.warn(
              "the lease cannot be given back; it lapses by itself",
              {{"key", settings_.key}, {"why", revoked.error().to_string()}});
          return go_on(false);
        }
        std::erase_if(given_up_,
                      [id](const GivenUp& each) { return each.id == id; });
        revoke_given_up(std::max(due - executor_.now(), base::Duration(0)),
                        go_on);
      });
}

// --- In between ---

// As long as there is something to keep or to take back.
void EtcdLease::arm() {
  if (id_ == 0 && given_up_.empty()) {
    timer_.reset();
    return;
  }
  if (timer_ != nullptr) return;
  timer_ = executor_.run_after(settings_.keepalive_interval,
                               [this] { on_interval(); });
}

void EtcdLease::on_interval() {
  timer_.reset();
  arm();
  if (working_) return;
  if (id_ != 0 && !held()) lost("no keepalive in time");
  if (id_ != 0) return keep_alive();
  revoke_given_up(settings_.operation_timeout, [this](bool) { arm(); });
}

void EtcdLease::keep_alive() {
  const base::Duration asked_at = boot_time_();
  const base::Duration within =
      std::min(settings_.operation_timeout, settings_.keepalive_interval);
  call_ = session_.post(
      kKeepAlivePath, lease_request(id_), within,
      [this, asked_at](base::Result<HttpResponse> response) {
        const auto ttl = response.and_then(read_keepalive);
        if (!ttl) {
          logger_.warn(
              "the lease cannot be kept alive; trying again",
              {{"key", settings_.key}, {"why", ttl.error().to_string()}});
        } else if (*ttl == 0) {
          lost("etcd does not know it any more");
        } else {
          ours_until_ = asked_at + seconds(*ttl);
        }
      });
}

// --- Ahead of need ---

void EtcdLease::watch_access() {
  next_trial_ =
      executor_.run_after(base::Duration(0), [this] { try_access(); });
}

void EtcdLease::try_access() {
  trial_ = session_.post(
      kTxnPath, trial_request(settings_.key), settings_.operation_timeout,
      [this](base::Result<HttpResponse> response) {
        const auto well = response.and_then(read_trial);
        if (well && !trouble_.empty()) {
          logger_.info("etcd can be asked for the lease again",
                       {{"key", settings_.key}});
        }
        trouble_ = well ? ""
                        : "etcd could not be asked for the lease: " +
                              well.error().to_string();
        next_trial_ = executor_.run_after(well ? minutes(10) : minutes(1),
                                          [this] { try_access(); });
      });
}

void EtcdLease::lost(const std::string& why) {
  logger_.error("the lease is lost", {{"key", settings_.key}, {"why", why}});
  give_up(std::exchange(id_, 0));
}

}  // namespace waypost::etcd

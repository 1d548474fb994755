#ifndef WAYPOST_NAMESRV_STORE_ROSTER_STORE_H_
#define WAYPOST_NAMESRV_STORE_ROSTER_STORE_H_

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "namesrv/lifecycle/lifecycle.h"

namespace waypost::store {

using Roster = std::vector<lifecycle::RosterEntry>;

// Where a nameserver keeps the brokers it knows, so that its next life can wait
// for them. The roster is soft: what is lost makes the next start less careful,
// nothing more. Calls may block on the disk and must not overlap.
class RosterStore {
 public:
  virtual ~RosterStore() = default;

  // Empty when nothing was ever saved. An Error says what was found instead of
  // a roster and what was done about it; the caller may go on without one, and
  // save() works after it.
  virtual base::Result<Roster> load() = 0;

  // Replaces what was saved, as a whole: a crash leaves the old or the new one.
  // On failure the old one stays.
  virtual base::Status save(const Roster& roster) = 0;
};

// Keeps it in `data_directory`/roster.json, which must exist:
//
//   {"format": "waypost-roster", "version": 1,
//    "brokers": [{"cluster": "c", "broker": "broker-a", "id": 0,
//                 "last_seen_ms": 1700000000000, "expiry_ms": 120000,
//                 "silent_ms": 400}]}
//
// Times are milliseconds, civil ones since 1970; "silent_ms" is as of writing,
// and where it is missing counts from the latest "last_seen_ms". Fields that it
// does not know are ignored. A file that is not this (truncated, damaged, of a
// newer version) is set aside as roster.json.unreadable, in the place of an
// older one.
std::unique_ptr<RosterStore> make_file_roster_store(
    const std::string& data_directory);

}  // namespace waypost::store

#endif  // WAYPOST_NAMESRV_STORE_ROSTER_STORE_H_

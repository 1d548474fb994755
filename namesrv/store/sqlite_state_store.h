#ifndef WAYPOST_NAMESRV_STORE_SQLITE_STATE_STORE_H_
#define WAYPOST_NAMESRV_STORE_SQLITE_STATE_STORE_H_

#include <memory>
#include <string>

#include "namesrv/store/hard_state.h"

namespace waypost::store {

// Keeps hard state in `data_directory`/state.db, a SQLite database; the
// directory must exist and be held by this process (DataDirectory).
//
// A commit is on the disk when it returns: the write-ahead log is flushed for
// each. A process that is killed at any instant, or a machine that loses its
// power, leaves all of a commit or nothing of it.
//
// load() opens it, and finds
//  - no file: an empty state;
//  - an older schema: it is brought up to this one, in one transaction;
//  - a damaged file, or no database at all: it is set aside as
//    state.db.unreadable (in the place of an older one), with its log, and a
//    new one is made. kMalformed: the configuration is lost here, and the error
//    says how to get it back;
//  - a newer schema, or another program's database: kUnsupported; nothing is
//    touched, and nothing can be kept, so the nameserver should not start.
// commit() before a load() that allows it fails.
std::unique_ptr<HardStateStore> make_sqlite_state_store(
    const std::string& data_directory);

}  // namespace waypost::store

#endif  // WAYPOST_NAMESRV_STORE_SQLITE_STATE_STORE_H_

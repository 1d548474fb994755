#ifndef WAYPOST_CLIENT_SDK_RUNTIME_SNAPSHOT_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_SNAPSHOT_H_

// What a client knows, as bytes for a file: with it an application starts and
// sends while every nameserver is down.
//
//   offset 0   8 bytes  "WPSNAP" 0x00, and the version, 0x01
//          8   u64      payload bytes
//          16  2 x u64  XXH128 of the payload, low half first
//          32  payload
//
// Payload, numbers little-endian, a text is a u32 of bytes and the bytes:
//
//   i64 saved, milliseconds since 1970
//   u32 nameservers: each  text host, u32 port, text name
//   u32 routes:      each  i64 confirmed, text source, text route
//
// where a route is the payload of a ROUTE frame (docs/protocol.md). A file of
// another version, or whose checksum is wrong, is none.

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "client_sdk/core/nameserver_choice.h"
#include "wire/model/operations.h"

namespace waypost::client {

struct Snapshot {
  base::WallTime saved{};
  std::vector<Nameserver> nameservers;
  struct Route {
    model::VersionedRoute route;
    base::WallTime confirmed{};  // by a nameserver
    std::string source;          // that nameserver
  };
  std::vector<Route> routes;
};

std::string encode(const Snapshot& snapshot);

// Whatever the bytes are: a value or an error, within four times their size.
base::Result<Snapshot> decode_snapshot(std::string_view bytes);

inline constexpr std::size_t kSnapshotMaxBytes = 256UL * 1024 * 1024;

// The snapshot in a file; kNotFound when there is no such file.
base::Result<Snapshot> read_snapshot(const std::string& path);

// Replaces the file in one step: whoever reads it sees the old content or the
// new. Not flushed to the disk: a machine that loses power may leave a torn
// file, which its checksum tells; waiting for the disk would hold up all
// clients of the process.
base::Status write_snapshot(const std::string& path, const Snapshot& snapshot);

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_SNAPSHOT_H_

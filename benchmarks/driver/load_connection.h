#ifndef WAYPOST_BENCHMARKS_DRIVER_LOAD_CONNECTION_H_
#define WAYPOST_BENCHMARKS_DRIVER_LOAD_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/error.h"
#include "benchmarks/driver/load_generator.h"

namespace waypost::bench {

// A request that has been answered completely.
struct FinishedAnswer {
  std::int64_t intended_ns = 0;  // as given to enqueue
  std::uint64_t bytes = 0;       // of all its frames
  bool error = false;            // its last frame was kError
};

// One connection of the generator: requests out, answers in, matched by their
// numbers in whatever order they come. Times are the caller's.
class LoadConnection {
 public:
  // Connects, waiting for it; the script must outlive the connection.
  static base::Result<std::unique_ptr<LoadConnection>> connect(
      const base::Endpoint& target, const ConnectionScript& script,
      std::size_t depth);
  ~LoadConnection();
  LoadConnection(const LoadConnection&) = delete;
  LoadConnection& operator=(const LoadConnection&) = delete;

  int fd() const { return fd_; }
  std::size_t in_flight() const { return in_flight_; }

  // Appends the next request to the output; fewer than `depth` are in flight.
  void enqueue(std::int64_t intended_ns);
  // Writes what can be written; wants_write() tells whether something is left.
  base::Status flush();
  bool wants_write() const { return written_ < output_.size(); }

  // Reads once, into `scratch`, and appends the answers that became complete.
  base::Status read(std::span<char> scratch,
                    std::vector<FinishedAnswer>& finished);

  // Whether the answer to the opening has come.
  bool opened() const { return opened_; }

 private:
  struct Slot {
    RequestId id = 0;  // 0: free
    FinishedAnswer answer;
  };

  LoadConnection(int fd, const ConnectionScript& script, std::size_t depth);
  base::Result<std::size_t> take_frames(std::span<const char> bytes,
                                        std::vector<FinishedAnswer>& finished);
  base::Status take_frame(const AnswerFrame& frame,
                          std::vector<FinishedAnswer>& finished);

  const int fd_;
  const WireFormat format_;
  const std::size_t id_offset_;
  const std::vector<std::string>& requests_;
  std::size_t next_request_;
  std::uint64_t sequence_ = 0;
  bool opened_;

  std::vector<Slot> slots_;
  std::vector<std::uint16_t> free_slots_;
  std::size_t in_flight_ = 0;

  std::string output_;
  std::size_t written_ = 0;
  std::string incomplete_;  // the frame that the last read ended in
};

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_LOAD_CONNECTION_H_

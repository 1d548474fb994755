// The generator against the floor and against servers that misbehave.

#include "benchmarks/driver/load_generator.h"

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "benchmarks/driver/child_process.h"
#include "benchmarks/driver/native_client.h"
#include "benchmarks/driver/remoting_requests.h"
#include "benchmarks/driver/settings.h"
#include "tests/support/process.h"
#include "wire/codec/frame.h"

namespace waypost::bench {
namespace {

using std::chrono::milliseconds;

// Two frames, as a route query's answer has: one with kFlagMore, then the last.
std::string canned_answer() {
  const auto more =
      static_cast<std::uint16_t>(codec::kFlagReply | codec::kFlagMore);
  return codec::make_frame(codec::FrameKind::kRoute, more, 0,
                           std::string(64, 'r')) +
         codec::make_frame(codec::FrameKind::kQueryRoutes, codec::kFlagReply, 0,
                           std::string(16, 'e'));
}

struct Floor {
  std::unique_ptr<ChildProcess> process;
  base::Endpoint endpoint;
};

Floor start_floor(const std::string& answer = canned_answer(),
                  const std::vector<std::string>& offsets = {}) {
  char name[] = "/tmp/waypost-floor-XXXXXX";
  const int fd = mkstemp(name);
  REQUIRE(fd >= 0);
  close(fd);
  std::ofstream(name, std::ios::binary) << answer;
  ChildProcess::Options options;
  options.arguments = {FLOOR_PROGRAM, "127.0.0.1", "0", name};
  options.arguments.insert(options.arguments.end(), offsets.begin(),
                           offsets.end());
  auto process = ChildProcess::start(options);
  REQUIRE(process);
  const auto line = (*process)->read_line(std::chrono::seconds(30));
  REQUIRE(line);
  unlink(name);
  return {std::move(*process),
          {"127.0.0.1", static_cast<std::uint16_t>(std::atoi(line->c_str()))}};
}

LoadPlan plan_for(const base::Endpoint& target, std::size_t connections,
                  std::size_t depth) {
  LoadPlan plan;
  plan.target = target;
  plan.depth = depth;
  plan.warm_up = milliseconds(20);
  plan.duration = milliseconds(600);
  plan.answer_timeout = std::chrono::seconds(20);
  const auto requests = std::make_shared<std::vector<std::string>>();
  requests->push_back(
      codec::make_frame(codec::FrameKind::kQueryRoutes, 0, 0, "12345678"));
  requests->push_back(
      codec::make_frame(codec::FrameKind::kPing, 0, 0, std::string(4096, 'x')));
  for (std::size_t i = 0; i < connections; ++i) {
    plan.connections.push_back({opening_bytes(), requests, i % 2});
  }
  return plan;
}

TEST_CASE("a closed loop counts whole answers and their latency") {
  const Floor floor = start_floor();
  int begun = 0;
  int ended = 0;
  LoadPlan plan = plan_for(floor.endpoint, 8, 4);
  plan.on_measure_begin = [&] { ++begun; };
  plan.on_measure_end = [&] { ++ended; };
  const auto result = generate_load(plan);
  REQUIRE_MESSAGE(result, result.error().to_string());
  CHECK(begun == 1);
  CHECK(ended == 1);
  CHECK(result->answers > 0);
  CHECK(result->answer_bytes == result->answers * canned_answer().size());
  CHECK(result->error_answers == 0);
  // Requests in flight at the edges count on one side only.
  CHECK(result->latency_ns.count() + 32 >= result->answers);
  CHECK(result->latency_ns.count() <= result->answers + 32);
  CHECK(result->measured >= milliseconds(600));
  CHECK(result->generator_cpu > 0);
  CHECK(result->overdue == 0);
}

// --- Remoting ---

std::string remoting_frame(WireFormat format, std::int32_t flag) {
  remoting::Command command = route_query_command(
      format == WireFormat::kRemoting ? remoting::Serialization::kJson
                                      : remoting::Serialization::kBinary,
      "T");
  command.flag = flag;
  if (flag != 0) command.code = 0;
  return remoting::encode_frame(command, "the body");
}

TEST_CASE("remoting requests are numbered and their answers matched") {
  for (const auto format :
       {WireFormat::kRemoting, WireFormat::kRemotingBinary}) {
    const std::string request = remoting_frame(format, 0);
    const std::string answer = remoting_frame(format, remoting::kFlagResponse);
    const Floor floor = start_floor(
        answer, {std::to_string(find_request_id(format, request).value()),
                 std::to_string(find_request_id(format, answer).value()),
                 std::to_string(request_id_bytes(format))});
    LoadPlan plan = plan_for(floor.endpoint, 0, 16);
    plan.connections.assign(
        4, {"", std::make_shared<std::vector<std::string>>(1, request), 0,
            format, find_request_id(format, request).value()});
    const auto result = generate_load(plan);
    REQUIRE_MESSAGE(result, result.error().to_string());
    CHECK(result->answers > 64);
    CHECK(result->answer_bytes == result->answers * answer.size());
    CHECK(result->error_answers == 0);
  }
}

TEST_CASE("numbers are found where they have room") {
  const std::string request = remoting_frame(WireFormat::kRemoting, 0);
  const auto at = find_request_id(WireFormat::kRemoting, request);
  REQUIRE(at);
  CHECK(request.substr(*at, 10) == "1000000000");
  std::string numbered = request;
  put_request_id(WireFormat::kRemoting, &numbered[*at], kRequestIdMax);
  CHECK(numbered.substr(*at, 10) == "2147483647");
  remoting::Command small;
  small.opaque = 7;
  CHECK_FALSE(
      find_request_id(WireFormat::kRemoting, remoting::encode_frame(small)));
  CHECK_FALSE(find_request_id(WireFormat::kRemoting, "not a frame"));
}

TEST_CASE("answers with another code than success are errors") {
  remoting::Command response;
  response.code = remoting::response_code::kSystemError;
  response.opaque = 1'500'000'000;
  response.ext_fields.emplace();
  const std::string bytes = remoting::encode_frame(response);
  const auto frame = take_answer_frame(WireFormat::kRemoting, bytes);
  REQUIRE(frame);
  REQUIRE(*frame);
  CHECK((*frame)->error);
  CHECK((*frame)->id == 1'500'000'000);
  CHECK((*frame)->bytes == bytes.size());
  const auto half = take_answer_frame(WireFormat::kRemoting,
                                      std::span<const char>(bytes).first(20));
  REQUIRE(half);
  CHECK_FALSE(*half);
  CHECK_FALSE(take_answer_frame(WireFormat::kRemoting,
                                std::string("\xff\xff\xff\xff....")));
}

TEST_CASE("a stretch ends early when it is told to") {
  const Floor floor = start_floor();
  LoadPlan plan = plan_for(floor.endpoint, 2, 1);
  plan.duration = std::chrono::minutes(10);
  std::atomic<bool> stop = false;
  plan.stop = &stop;
  plan.on_measure_begin = [&] { stop = true; };
  const auto result = generate_load(plan);
  REQUIRE(result);
  CHECK(result->measured < std::chrono::minutes(1));
}

TEST_CASE("an open loop keeps its rate") {
  const Floor floor = start_floor();
  LoadPlan plan = plan_for(floor.endpoint, 4, 64);
  plan.rate = 1000;
  plan.duration = milliseconds(500);
  const auto result = generate_load(plan);
  REQUIRE_MESSAGE(result, result.error().to_string());
  const double due =
      1000 * std::chrono::duration<double>(result->measured).count();
  CHECK(static_cast<double>(result->latency_ns.count()) >= due - 2);
  CHECK(static_cast<double>(result->latency_ns.count()) <= due + 2);
}

// Accepts one connection at a time and does with it what the test says.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::function<void(int)> serve) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* where = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(bind(listener_, where, length) == 0);
    REQUIRE(listen(listener_, 16) == 0);
    REQUIRE(getsockname(listener_, where, &length) == 0);
    endpoint_ = {"127.0.0.1", ntohs(address.sin_port)};
    thread_ = std::thread([this, serve = std::move(serve)] {
      const int fd = accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      serve(fd);
      close(fd);
    });
  }
  ~ScriptedServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  const base::Endpoint& endpoint() const { return endpoint_; }

 private:
  int listener_ = -1;
  base::Endpoint endpoint_;
  std::thread thread_;
};

bool read_exactly(int fd, char* bytes, std::size_t size) {
  return recv(fd, bytes, size, MSG_WAITALL) == static_cast<ssize_t>(size);
}

// The next frame's header and correlation id; false at the end.
bool read_request(int fd, std::uint64_t& id) {
  std::byte header[codec::kFrameHeaderBytes];
  if (!read_exactly(fd, reinterpret_cast<char*>(header), sizeof header)) {
    return false;
  }
  const codec::FrameHeader decoded = codec::decode_frame_header(header);
  id = decoded.correlation_id;
  std::string payload(decoded.payload_bytes, '\0');
  return payload.empty() || read_exactly(fd, payload.data(), payload.size());
}

void answer(int fd, codec::FrameKind kind, std::uint64_t id) {
  const std::string frame = codec::make_frame(kind, codec::kFlagReply, id, "");
  static_cast<void>(send(fd, frame.data(), frame.size(), MSG_NOSIGNAL));
}

bool answer_opening(int fd) {
  char preface[codec::kPrefaceBytes];
  std::uint64_t id = 0;
  if (!read_exactly(fd, preface, sizeof preface)) return false;
  if (!read_request(fd, id)) return false;
  answer(fd, codec::FrameKind::kHello, id);
  return true;
}

TEST_CASE("a stalled server shows in an open loop's latency, all of it") {
  // Answers at once but for one stall of 150 ms. A generator that waits with
  // its requests would see a single slow one; at 1 000/s some 150 requests were
  // due in the stall and waited, on average, half of it.
  const ScriptedServer server([](int fd) {
    if (!answer_opening(fd)) return;
    std::uint64_t id = 0;
    for (int count = 0; read_request(fd, id); ++count) {
      if (count == 100) std::this_thread::sleep_for(milliseconds(150));
      answer(fd, codec::FrameKind::kPing, id);
    }
  });
  LoadPlan plan = plan_for(server.endpoint(), 1, 1);
  plan.rate = 1000;
  plan.warm_up = milliseconds(0);
  plan.duration = milliseconds(600);
  const auto result = generate_load(plan);
  REQUIRE_MESSAGE(result, result.error().to_string());
  const Histogram& latency = result->latency_ns;
  CHECK(latency.max() >= 149'000'000);
  // 100 of 600 requests waited 50 ms or more.
  CHECK(latency.percentile(84) >= 45'000'000);
}

TEST_CASE("requests that could not be sent in time are told and counted") {
  // One request in flight and 20 ms for each: some 50/s of 1 000/s.
  const ScriptedServer server([](int fd) {
    if (!answer_opening(fd)) return;
    std::uint64_t id = 0;
    while (read_request(fd, id)) {
      std::this_thread::sleep_for(milliseconds(20));
      answer(fd, codec::FrameKind::kPing, id);
    }
  });
  LoadPlan plan = plan_for(server.endpoint(), 1, 1);
  plan.rate = 1000;
  plan.warm_up = milliseconds(0);
  plan.duration = milliseconds(300);
  const auto result = generate_load(plan);
  REQUIRE_MESSAGE(result, result.error().to_string());
  CHECK(result->overdue > 200);
  CHECK(result->latency_ns.percentile(50) >= 50'000'000);
}

TEST_CASE("an error answer is counted as one") {
  const ScriptedServer server([](int fd) {
    if (!answer_opening(fd)) return;
    std::uint64_t id = 0;
    while (read_request(fd, id)) answer(fd, codec::FrameKind::kError, id);
  });
  LoadPlan plan = plan_for(server.endpoint(), 1, 1);
  const auto result = generate_load(plan);
  REQUIRE_MESSAGE(result, result.error().to_string());
  CHECK(result->answers > 0);
  CHECK(result->error_answers == result->answers);
}

TEST_CASE("a server that never answers ends the run with an error") {
  const ScriptedServer server([](int fd) {
    if (!answer_opening(fd)) return;
    std::uint64_t id = 0;
    while (read_request(fd, id)) {
    }
  });
  LoadPlan plan = plan_for(server.endpoint(), 1, 2);
  plan.duration = std::chrono::seconds(60);
  plan.answer_timeout = milliseconds(200);
  const auto result = generate_load(plan);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == base::ErrorCode::kTimedOut);
}

TEST_CASE("a closed connection and a foreign answer end the run") {
  SUBCASE("closed") {
    const ScriptedServer server([](int fd) { answer_opening(fd); });
    const auto result = generate_load(plan_for(server.endpoint(), 1, 1));
    REQUIRE_FALSE(result);
    CHECK(result.error().code == base::ErrorCode::kUnavailable);
  }
  SUBCASE("foreign") {
    const ScriptedServer server([](int fd) {
      if (!answer_opening(fd)) return;
      std::uint64_t id = 0;
      while (read_request(fd, id)) {
        answer(fd, codec::FrameKind::kPing, id + (std::uint64_t{1} << 40));
      }
    });
    const auto result = generate_load(plan_for(server.endpoint(), 1, 1));
    REQUIRE_FALSE(result);
    CHECK(result.error().code == base::ErrorCode::kMalformed);
  }
  SUBCASE("nobody listens") {
    const auto result =
        generate_load(plan_for({"127.0.0.1", support::unused_port()}, 1, 1));
    REQUIRE_FALSE(result);
    CHECK(result.error().code == base::ErrorCode::kUnavailable);
  }
}

TEST_CASE("a child that cannot be started or ends early is told apart") {
  ChildProcess::Options options;
  options.arguments = {"/nonexistent/program"};
  const auto process = ChildProcess::start(options);
  REQUIRE(process);
  const auto line = (*process)->read_line(std::chrono::seconds(30));
  REQUIRE_FALSE(line);
  CHECK(line.error().code == base::ErrorCode::kUnavailable);
  base::Status alive;
  while ((alive = (*process)->check_alive())) {
    std::this_thread::yield();
  }
  CHECK(alive.error().message.find("could not be started") !=
        std::string::npos);
}

TEST_CASE("depths are a list of numbers") {
  CHECK(*parse_depths("1") == std::vector<std::size_t>{1});
  CHECK(*parse_depths("1,16,128") == std::vector<std::size_t>{1, 16, 128});
  for (const char* wrong : {"", ",", "1,", "0", "x", "1;2", "10001", "-1"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_depths(wrong));
  }
}

}  // namespace
}  // namespace waypost::bench

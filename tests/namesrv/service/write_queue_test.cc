#include "namesrv/service/write_queue.h"

#include <doctest/doctest.h>

namespace waypost::service {
namespace {

using Pushed = WriteQueue::Pushed;
using Lane = WriteQueue::Lane;

Write registration(std::size_t topics) {
  registry::Register event;
  event.request.topics.resize(topics);
  return {registry::Event(std::move(event)), nullptr};
}
Write heartbeat() { return {registry::Event(registry::Heartbeat{}), nullptr}; }

TEST_CASE("the first push wakes, further ones do not until it is idle again") {
  WriteQueue queue({});
  CHECK(queue.push(Lane::kLiveness, heartbeat()) == Pushed::kFirst);
  CHECK(queue.push(Lane::kLiveness, heartbeat()) == Pushed::kMore);
  CHECK_FALSE(queue.go_idle());
  CHECK(queue.take(10).liveness.size() == 2);
  CHECK(queue.go_idle());
  CHECK(queue.push(Lane::kRegistration, registration(1)) == Pushed::kFirst);
}

TEST_CASE("registrations are taken some at a time, signs of life all at once") {
  WriteQueue queue({});
  for (int i = 0; i < 5; ++i) {
    queue.push(Lane::kRegistration, registration(1));
    queue.push(Lane::kLiveness, heartbeat());
  }
  const auto batch = queue.take(2);
  CHECK(batch.liveness.size() == 5);
  CHECK(batch.registrations.size() == 2);
  CHECK(queue.take(10).registrations.size() == 3);
}

TEST_CASE("each lane is bounded by count, registrations also by size") {
  WriteQueue queue(
      {.liveness = 2, .registrations = 3, .registration_bytes = 100'000});
  CHECK(queue.push(Lane::kLiveness, heartbeat()) != Pushed::kFull);
  CHECK(queue.push(Lane::kLiveness, heartbeat()) != Pushed::kFull);
  CHECK(queue.push(Lane::kLiveness, heartbeat()) == Pushed::kFull);
  CHECK(queue.push(Lane::kLiveness, heartbeat(), true) != Pushed::kFull);

  CHECK(queue.push(Lane::kRegistration, registration(100'000)) ==
        Pushed::kFull);
  for (int i = 0; i < 3; ++i) {
    CHECK(queue.push(Lane::kRegistration, registration(1)) != Pushed::kFull);
  }
  CHECK(queue.push(Lane::kRegistration, registration(1)) == Pushed::kFull);
  queue.take(1);
  CHECK(queue.push(Lane::kRegistration, registration(1)) != Pushed::kFull);
}

}  // namespace
}  // namespace waypost::service

#include "process/prompt_thread.h"

#include <thread>

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/resource.h>

namespace waypost::process {
namespace {

TEST_CASE("a prompt thread keeps its policy and its niceness") {
  std::thread([] {
    const int niceness = getpriority(PRIO_PROCESS, 0);
    // Whether the system takes it is the system's business.
    static_cast<void>(make_thread_prompt());
    CHECK(sched_getscheduler(0) == SCHED_OTHER);
    CHECK(getpriority(PRIO_PROCESS, 0) == niceness);
  }).join();
}

TEST_CASE("a thread of another policy is left alone") {
  std::thread([] {
    const sched_param none{};
    REQUIRE(sched_setscheduler(0, SCHED_BATCH, &none) == 0);
    CHECK_FALSE(make_thread_prompt());
    CHECK(sched_getscheduler(0) == SCHED_BATCH);
  }).join();
}

}  // namespace
}  // namespace waypost::process

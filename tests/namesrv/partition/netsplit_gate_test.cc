#include "namesrv/partition/netsplit_gate.h"

#include <doctest/doctest.h>

namespace waypost::partition {
namespace {

const model::PeerName kA("a"), kB("b"), kC("c");
const MemberHealth kFine{true, Link::kUp};

TEST_CASE("one missing member makes all not ready, and both ends are counted") {
  Readiness readiness;
  CHECK(readiness.ready());
  readiness.check({kA, kB, kC}, {{kA, kFine}, {kB, kFine}});
  CHECK_FALSE(readiness.ready());
  CHECK(readiness.missing() == model::PeerNames{kC});
  readiness.check({kA, kB, kC}, {{kA, kFine}, {kB, {false, Link::kUp}}});
  CHECK(readiness.detected() == 1);
  CHECK(readiness.missing() == model::PeerNames{kB, kC});
  // Forgotten: no member any more.
  readiness.check({kA}, {{kA, kFine}, {kB, kFine}});
  CHECK(readiness.ready());
  CHECK(readiness.resolved() == 1);
  CHECK(readiness.table().size() == 1);
}

TEST_CASE("a gate that is off lets everything through") {
  const Readiness split(false, 1, 0);
  CHECK(gate_open({}, split, Operation::kQuery));
  CHECK(gate_open({}, split, Operation::kRegister, false));
}

TEST_CASE("with the gate on, each operation has its switch") {
  const Readiness split(false, 1, 0);
  GateSettings settings;
  settings.all_members = true;
  for (const auto operation : {Operation::kRegister, Operation::kUnregister,
                               Operation::kQuery, Operation::kConfigWrite}) {
    CAPTURE(operation_name(operation));
    GateSettings one = settings;
    CHECK(gate_open(one, Readiness(), operation));
    CHECK_FALSE(gate_open(one, split, operation));
    one.allow[static_cast<std::size_t>(operation)] = true;
    CHECK(gate_open(one, split, operation));
  }
}

TEST_CASE("a refusal names who is missing and what to do") {
  Readiness readiness;
  readiness.check({kA, kB, kC}, {{kA, kFine}});
  const auto error = gate_refusal(readiness, Operation::kQuery);
  CHECK(error.code == base::ErrorCode::kNotReady);
  CHECK(
      error.to_string().starts_with("not-ready: netsplit, missing peers b, c"));
  CHECK(error.advice.find("cluster.allow-query-during-netsplit") !=
        std::string::npos);
}

}  // namespace
}  // namespace waypost::partition

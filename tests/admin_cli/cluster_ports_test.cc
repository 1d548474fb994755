#include "admin_cli/cluster_ports.h"

#include <doctest/doctest.h>

namespace waypost::admin {
namespace {

using base::Endpoint;

const Endpoint kA{"10.0.0.1", 9876}, kB{"10.0.0.2", 9876};
const Endpoint kPortA{"10.0.0.1", 9877}, kPortB{"10.0.0.2", 9877};

model::ClusterView view_of(const std::string& name,
                           std::vector<model::NameserverAddresses> known) {
  model::ClusterView view;
  view.server_name = name;
  view.nameservers = std::move(known);
  return view;
}

const base::Error kRefused{base::ErrorCode::kUnavailable, "refused", ""};

TEST_CASE("each nameserver tells its own cluster port") {
  const std::vector<model::NameserverAddresses> group = {{"a", {kA}, {kPortA}},
                                                         {"b", {kB}, {kPortB}}};
  const auto ports = find_cluster_ports(
      {kA, kB}, {{kA, view_of("a", group)}, {kB, view_of("b", group)}});
  REQUIRE(ports.size() == 2);
  CHECK(*ports[0].at == kPortA);
  CHECK(ports[0].view.has_value());
  CHECK(*ports[1].at == kPortB);
}

TEST_CASE("one that is refused is found by what another says") {
  const std::vector<model::NameserverAddresses> group = {{"a", {kA}, {kPortA}},
                                                         {"b", {kB}, {kPortB}}};
  const auto ports = find_cluster_ports(
      {kA, kB}, {{kA, tl::unexpected(kRefused)}, {kB, view_of("b", group)}});
  CHECK(*ports[0].at == kPortA);
  CHECK_FALSE(ports[0].view.has_value());
  // Also one that was not asked.
  CHECK(*find_cluster_ports({kB, kA}, {{kB, view_of("b", group)}})[1].at ==
        kPortA);
}

TEST_CASE("one that listens everywhere has the host of its cluster port") {
  const std::vector<model::NameserverAddresses> group = {
      {"a", {{"0.0.0.0", 9876}}, {kPortA}},
      {"b", {{"0.0.0.0", 9876}}, {kPortB}}};
  const auto ports = find_cluster_ports(
      {kA, kB, {"10.0.0.2", 9999}},
      {{kA, view_of("a", group)}, {kB, tl::unexpected(kRefused)}});
  CHECK(*ports[0].at == kPortA);
  CHECK(*ports[1].at == kPortB);
  CHECK_FALSE(ports[2].at.has_value());
}

TEST_CASE("what is not known is told with what to do") {
  auto ports = find_cluster_ports(
      {kA, kB}, {{kA, view_of("a", {})}, {kB, tl::unexpected(kRefused)}});
  REQUIRE_FALSE(ports[0].at.has_value());
  CHECK(ports[0].at.error().code == base::ErrorCode::kUnsupported);
  REQUIRE_FALSE(ports[1].at.has_value());
  CHECK(ports[1].at.error().message == "refused");
  CHECK(ports[1].at.error().advice ==
        "no nameserver that answers knows it; name its cluster port with "
        "--cluster-ports");
  ports = find_cluster_ports({kA}, {{kA, tl::unexpected(kRefused)}});
  CHECK(ports[0].at.error().advice ==
        "is it paused? Then name its cluster port with --cluster-ports");
}

}  // namespace
}  // namespace waypost::admin

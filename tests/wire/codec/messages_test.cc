#include <doctest/doctest.h>

#include "tests/wire/codec/examples.h"
#include "tests/wire/codec/same.h"
#include "wire/codec/native.h"

namespace waypost::codec {
namespace {

template <typename Message>
void check_round_trip(const Message& message) {
  const std::string payload = encode(message);
  CHECK(payload.size() % 8 == 0);
  const auto decoded = decode<Message>(bytes_of(payload));
  REQUIRE_MESSAGE(decoded, decoded.error().to_string());
  CHECK(same(*decoded, message));
}

TEST_CASE("every message survives a round trip") {
  for_each_example([](const auto& examples) {
    CAPTURE(std::string(examples.name));
    check_round_trip(examples.full);
    check_round_trip(examples.minimal);
  });
}

template <typename Fields, std::size_t... I>
void check_all_differ(const Fields& left, const Fields& right,
                      std::index_sequence<I...>) {
  const auto check = [](std::size_t index, bool differs) {
    CHECK_MESSAGE(differs, "field number ", index);
  };
  (check(I, std::get<I>(left) != std::get<I>(right)), ...);
}

TEST_CASE("the full examples set every field") {
  for_each_example([]<typename Message>(const Examples<Message>& examples) {
    CAPTURE(std::string(examples.name));
    const Message blank{};
    Message full = examples.full;
    // What came with generation 002.
    if constexpr (std::is_same_v<Message, model::RouteQueryEnd>) {
      full = route_query_end_002();
    }
    if constexpr (std::is_same_v<Message, model::PeerHeartbeat>) {
      full.sent_at_ms = 1;
      full.restarts = 1;
    }
    if constexpr (std::is_same_v<Message, model::ClusterView>) {
      full.nameservers = {{"ns-a", {}, {}}};
    }
    const auto set = fields(full);
    check_all_differ(
        set, fields(blank),
        std::make_index_sequence<std::tuple_size_v<decltype(set)>>());
  });
}

TEST_CASE("a payload that is not aligned is read all the same") {
  for_each_example([]<typename Message>(const Examples<Message>& examples) {
    CAPTURE(std::string(examples.name));
    const std::string payload = encode(examples.full);
    for (std::size_t shift = 1; shift < 8; ++shift) {
      const std::string shifted = std::string(shift, '\xff') + payload;
      const auto decoded = decode<Message>(bytes_of(shifted).subspan(shift));
      REQUIRE(decoded);
      CHECK(same(*decoded, examples.full));
    }
  });
}

TEST_CASE("an error code of a newer peer is kept") {
  const base::Error error{base::ErrorCode{999}, "new", ""};
  CHECK(decode<base::Error>(bytes_of(encode(error)))->to_string() ==
        "error-999: new");
}

TEST_CASE("durations travel in microseconds") {
  model::HandoverRequest request;
  request.grace = std::chrono::nanoseconds(1'234'567);
  const auto decoded =
      decode<model::HandoverRequest>(bytes_of(encode(request)));
  CHECK(decoded->grace == std::chrono::microseconds(1'234));
}

TEST_CASE("a full registration of 10 000 short topics is within the budget") {
  auto request = register_request_examples().minimal;
  for (int i = 0; i < 10'000; ++i) {
    request.topics.push_back({model::TopicName(std::to_string(i)), {}});
    request.removed.push_back(model::TopicName(std::to_string(i)));
  }
  check_round_trip(request);
}

TEST_CASE("a page of brokers with the shortest names is within the budget") {
  model::BrokerPage page;
  auto listing = broker_page_examples().full.brokers[1];
  listing.expiry = std::chrono::seconds(120);
  page.brokers.assign(1000, listing);
  check_round_trip(page);
}

TEST_CASE("a route of brokers with the shortest names is within the budget") {
  model::VersionedRoute route;
  route.route.topic = model::TopicName("t");
  const model::Replica replica{model::BrokerId(0), {"h", 1}, {}, ""};
  route.route.groups.assign(
      1000, {model::ClusterName("c"), model::BrokerName("b"), {}, {replica}});
  check_round_trip(route);
}

class Collector : public RouteQueryVisitor {
 public:
  void visit(std::string_view topic, const model::Digest& known) override {
    items.push_back({model::TopicName(std::string(topic)), known});
  }
  std::vector<model::RouteQueryItem> items;
};

TEST_CASE("visiting a route query sees what decoding it gives") {
  const auto query = route_query_examples().full;
  Collector collector;
  REQUIRE(visit_route_query(bytes_of(encode(query)), collector));
  CHECK(collector.items == query.topics);

  Collector none;
  REQUIRE(
      visit_route_query(bytes_of(encode(model::RouteQueryRequest{})), none));
  CHECK(none.items.empty());
}

}  // namespace
}  // namespace waypost::codec

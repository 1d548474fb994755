// What a well-formed FlatBuffer may still say wrong, and what a newer peer may
// say in addition. Damaged bytes at large are tests/hostile's business.

#include <functional>

#include <doctest/doctest.h>
#include <native_generated.h>

#include "tests/wire/codec/examples.h"
#include "tests/wire/codec/same.h"
#include "wire/codec/native.h"

namespace waypost::codec {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

template <typename Table>
std::string payload_of(
    const std::function<Offset<Table>(FlatBufferBuilder&)>& build) {
  FlatBufferBuilder builder;
  builder.Finish(build(builder));
  std::string payload(reinterpret_cast<const char*>(builder.GetBufferPointer()),
                      builder.GetSize());
  payload.resize((payload.size() + 7) / 8 * 8, '\0');
  return payload;
}

// A registration that is right, but for what `spoil` does to it.
struct RegisterParts {
  Offset<flatbuffers::String> cluster;
  Offset<wire::BrokerKey> broker;
  Offset<wire::Endpoint> address;
  std::int64_t expiry_us = 0;
  std::uint8_t mode = 0;
  std::uint8_t verdict_action = 0;
};
std::string register_payload(
    const std::function<void(FlatBufferBuilder&, RegisterParts&)>& spoil) {
  return payload_of<wire::RegisterRequest>([&](FlatBufferBuilder& builder) {
    RegisterParts parts;
    parts.cluster = builder.CreateString("c");
    parts.broker = wire::CreateBrokerKey(builder, builder.CreateString("b"), 0);
    parts.address = wire::CreateEndpoint(builder, builder.CreateString("h"), 1);
    spoil(builder, parts);
    wire::RegisterRequestBuilder table(builder);
    table.add_cluster(parts.cluster);
    table.add_broker(parts.broker);
    table.add_address(parts.address);
    table.add_expiry_us(parts.expiry_us);
    table.add_mode(parts.mode);
    table.add_verdict_action(parts.verdict_action);
    return table.Finish();
  });
}

base::Error register_error(
    const std::function<void(FlatBufferBuilder&, RegisterParts&)>& spoil) {
  const std::string payload = register_payload(spoil);
  const auto decoded = decode<model::RegisterRequest>(bytes_of(payload));
  REQUIRE_FALSE(decoded);
  return decoded.error();
}

TEST_CASE("the registration that the refusals below spoil is right") {
  const auto payload =
      register_payload([](FlatBufferBuilder&, RegisterParts&) {});
  CHECK(decode<model::RegisterRequest>(bytes_of(payload)));
}

TEST_CASE("a missing required field is named") {
  CHECK(register_error([](auto&, auto& parts) { parts.cluster = 0; }) ==
        base::Error{base::ErrorCode::kMalformed,
                    "register request: field 'cluster' is missing", ""});
  CHECK(register_error([](auto&, auto& parts) { parts.broker = 0; }).message ==
        "register request: field 'broker' is missing");
  CHECK(register_error([](auto&, auto& parts) { parts.address = 0; }).message ==
        "register request: field 'address' is missing");
  CHECK(register_error([](auto& builder, auto& parts) {
          parts.address = wire::CreateEndpoint(builder, 0, 1);
        }).message == "register request: field 'address' is missing");
  CHECK(register_error([](auto& builder, auto& parts) {
          parts.broker = wire::CreateBrokerKey(builder, 0, 1);
        }).message == "register request: field 'broker' is missing");
}

TEST_CASE("values that mean nothing are refused, not guessed") {
  const auto code_of = [](const auto& spoil) {
    const base::Error error = register_error(spoil);
    CAPTURE(error.to_string());
    return error.code;
  };
  using base::ErrorCode;
  CHECK(code_of([](auto& builder, auto& parts) {
          parts.address =
              wire::CreateEndpoint(builder, builder.CreateString("h"), 0);
        }) == ErrorCode::kInvalidArgument);
  CHECK(code_of([](auto& builder, auto& parts) {
          parts.broker =
              wire::CreateBrokerKey(builder, builder.CreateString("b"), -1);
        }) == ErrorCode::kInvalidArgument);
  CHECK(code_of([](auto&, auto& parts) { parts.mode = 2; }) ==
        ErrorCode::kInvalidArgument);
  CHECK(code_of([](auto&, auto& parts) { parts.verdict_action = 255; }) ==
        ErrorCode::kInvalidArgument);
  for (const std::int64_t us :
       {std::int64_t{-1}, std::int64_t{10} * 365 * 24 * 3600 * 1'000'000 + 1,
        std::numeric_limits<std::int64_t>::max(),
        std::numeric_limits<std::int64_t>::min()}) {
    CHECK(code_of([us](auto&, auto& parts) { parts.expiry_us = us; }) ==
          ErrorCode::kInvalidArgument);
  }
}

TEST_CASE("a reason for a departure that we do not know is none") {
  const auto end = decode<model::RouteQueryEnd>(
      bytes_of(payload_of<wire::RouteQueryEnd>([](FlatBufferBuilder& builder) {
        const auto address =
            wire::CreateEndpoint(builder, builder.CreateString("h"), 1);
        const auto departure = wire::CreateDeparture(
            builder, builder.CreateString("a"), 0, address, 200);
        return wire::CreateRouteQueryEnd(builder, 1, 1, 0, 0,
                                         builder.CreateVector(&departure, 1));
      })));
  REQUIRE(end);
  REQUIRE(end->departures.size() == 1);
  CHECK(end->departures[0].reason == model::DepartureReason::kNotTold);
}

TEST_CASE("every enumeration refuses the value after its last") {
  const auto refused = [](const auto& decoded) {
    REQUIRE_FALSE(decoded);
    return decoded.error().code == base::ErrorCode::kInvalidArgument;
  };
  CHECK(refused(decode<model::HelloRequest>(
      bytes_of(payload_of<wire::HelloRequest>([](FlatBufferBuilder& builder) {
        return wire::CreateHelloRequest(builder, 4);
      })))));
  CHECK(refused(decode<model::HelloReply>(
      bytes_of(payload_of<wire::HelloReply>([](FlatBufferBuilder& builder) {
        return wire::CreateHelloReply(builder, 0, 0, 1, 5);
      })))));
  CHECK(refused(decode<model::RouteQueryEnd>(
      bytes_of(payload_of<wire::RouteQueryEnd>([](FlatBufferBuilder& builder) {
        return wire::CreateRouteQueryEnd(builder, 1, 5);
      })))));
  CHECK(refused(decode<model::VersionedRoute>(
      bytes_of(payload_of<wire::Route>([](FlatBufferBuilder& builder) {
        const auto address =
            wire::CreateEndpoint(builder, builder.CreateString("h"), 1);
        const auto replica = wire::CreateReplica(builder, 0, address, 3);
        const auto replicas = builder.CreateVector(&replica, 1);
        const auto name = builder.CreateString("n");
        const auto group =
            wire::CreateRouteGroup(builder, name, name, 0, 0, 0, 0, replicas);
        return wire::CreateRoute(builder, name,
                                 builder.CreateVector(&group, 1));
      })))));
}

TEST_CASE("an error without a code is no error") {
  const auto payload = payload_of<wire::Error>([](FlatBufferBuilder& builder) {
    return wire::CreateError(builder, 0, builder.CreateString("what"));
  });
  CHECK_FALSE(decode<base::Error>(bytes_of(payload)));
}

TEST_CASE("a text above 64 KiB is too large") {
  model::DrainNotice notice;
  notice.reason.assign(64 * 1024, 'x');
  CHECK(decode<model::DrainNotice>(bytes_of(encode(notice))));
  notice.reason += 'x';
  const auto decoded = decode<model::DrainNotice>(bytes_of(encode(notice)));
  REQUIRE_FALSE(decoded);
  CHECK(decoded.error().code == base::ErrorCode::kTooLarge);
}

TEST_CASE("groups that share their replicas multiply only up to the budget") {
  const auto bomb = payload_of<wire::Route>([](FlatBufferBuilder& builder) {
    const auto name = builder.CreateString("n");
    const auto address = wire::CreateEndpoint(builder, name, 1);
    const std::vector replicas(1000, wire::CreateReplica(builder, 0, address));
    const auto list = builder.CreateVector(replicas);
    const std::vector groups(
        1000, wire::CreateRouteGroup(builder, name, name, 0, 0, 0, 0, list));
    return wire::CreateRoute(builder, name, builder.CreateVector(groups));
  });
  const auto decoded = decode<model::VersionedRoute>(bytes_of(bomb));
  REQUIRE_FALSE(decoded);
  CHECK(decoded.error().code == base::ErrorCode::kTooLarge);
}

TEST_CASE("more elements than the limit are too large") {
  model::RouteQueryRequest query;
  query.topics.assign(11, {model::TopicName("t"), {}});
  DecodeLimits limits;
  limits.elements_max = 10;
  const std::string payload = encode(query);
  CHECK(decode<model::RouteQueryRequest>(bytes_of(payload), limits)
            .error()
            .code == base::ErrorCode::kTooLarge);
  limits.elements_max = 11;
  CHECK(decode<model::RouteQueryRequest>(bytes_of(payload), limits));
}

class NobodyVisits : public RouteQueryVisitor {
 public:
  void visit(std::string_view, const model::Digest&) override {
    FAIL("visited an item of a refused query");
  }
};

TEST_CASE("of a refused query no item is visited") {
  NobodyVisits visitor;
  const auto nameless =
      payload_of<wire::RouteQueryRequest>([](FlatBufferBuilder& builder) {
        const std::vector items{
            wire::CreateRouteQueryItem(builder, builder.CreateString("good")),
            wire::CreateRouteQueryItem(builder)};
        return wire::CreateRouteQueryRequest(builder,
                                             builder.CreateVector(items));
      });
  CHECK(visit_route_query(bytes_of(nameless), visitor).error().code ==
        base::ErrorCode::kMalformed);

  const auto bomb =
      payload_of<wire::RouteQueryRequest>([](FlatBufferBuilder& builder) {
        const std::vector items(
            1000, wire::CreateRouteQueryItem(
                      builder, builder.CreateString(std::string(5000, 'x'))));
        return wire::CreateRouteQueryRequest(builder,
                                             builder.CreateVector(items));
      });
  CHECK(visit_route_query(bytes_of(bomb), visitor).error().code ==
        base::ErrorCode::kTooLarge);

  CHECK_FALSE(visit_route_query({}, visitor));
}

TEST_CASE("every cut of every message is an error, but for the padding") {
  for_each_example([]<typename Message>(const Examples<Message>& examples) {
    CAPTURE(std::string(examples.name));
    const std::string payload = encode(examples.full);
    for (std::size_t size = 0; size + 8 < payload.size(); ++size) {
      // A block of exactly this size, so that a sanitizer sees what lies
      // behind.
      const std::vector<char> cut(
          payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(size));
      const auto decoded = decode<Message>(std::as_bytes(std::span(cut)));
      CAPTURE(size);
      CHECK_FALSE(decoded);
    }
  });
}

TEST_CASE("fields that a newer peer adds are passed over") {
  const auto payload =
      payload_of<wire::HeartbeatReply>([](FlatBufferBuilder& builder) {
        const auto text = builder.CreateString("something new");
        const auto start = builder.StartTable();
        builder.AddElement<std::uint64_t>(wire::HeartbeatReply::VT_INCARNATION,
                                          77, 0);
        builder.AddElement<std::uint8_t>(wire::HeartbeatReply::VT_KNOWN, 1, 0);
        builder.AddOffset(wire::HeartbeatReply::VT_KNOWN + 2, text);
        builder.AddElement<std::int64_t>(wire::HeartbeatReply::VT_KNOWN + 40,
                                         -5, 0);
        return Offset<wire::HeartbeatReply>(builder.EndTable(start));
      });
  const auto decoded = decode<model::HeartbeatReply>(bytes_of(payload));
  REQUIRE(decoded);
  CHECK(decoded->known);
  CHECK(decoded->incarnation == model::Incarnation(77));
}

TEST_CASE("a value of 256 KiB is read, a longer one is not") {
  model::KvPutRequest request{{"n", "k", std::string(256 * 1024, 'v')}};
  const auto read = decode<model::KvPutRequest>(bytes_of(encode(request)));
  REQUIRE(read);
  CHECK(read->entry == request.entry);
  request.entry.value += 'v';
  const auto refused = decode<model::KvPutRequest>(bytes_of(encode(request)));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == base::ErrorCode::kTooLarge);
}

TEST_CASE("a put without an entry is refused") {
  const std::string payload =
      payload_of<wire::KvPutRequest>([](FlatBufferBuilder& builder) {
        return wire::CreateKvPutRequest(builder);
      });
  const auto decoded = decode<model::KvPutRequest>(bytes_of(payload));
  REQUIRE_FALSE(decoded);
  CHECK(decoded.error().message == "kv-put request: field 'entry' is missing");
}

TEST_CASE("an override's times are moments that a clock can show") {
  const auto decoded = [](std::int64_t set_at_ms, std::int64_t lapses_at_ms) {
    const std::string payload =
        payload_of<wire::OverridePage>([&](FlatBufferBuilder& builder) {
          const auto override =
              wire::CreatePermissionOverride(builder, builder.CreateString("b"),
                                             4, 0, 0, set_at_ms, lapses_at_ms);
          return wire::CreateOverridePage(builder,
                                          builder.CreateVector(&override, 1));
        });
    return decode<model::OverridePage>(bytes_of(payload));
  };
  CHECK(decoded(1'700'000'000'000, 1'700'000'001'000));
  for (const std::int64_t wrong : {std::int64_t{-1}, std::int64_t{1} << 53U,
                                   std::numeric_limits<std::int64_t>::max(),
                                   std::numeric_limits<std::int64_t>::min()}) {
    CHECK(decoded(wrong, 0).error().code == base::ErrorCode::kInvalidArgument);
    CHECK(decoded(0, wrong).error().code == base::ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace waypost::codec

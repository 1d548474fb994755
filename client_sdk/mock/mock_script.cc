#include "client_sdk/mock/mock_script.h"

#include <algorithm>
#include <utility>

#include "base/endpoint.h"
#include "wire/codec/native.h"

namespace waypost::testing {
namespace {

using codec::FrameKind;

// Of each route in an endless answer, so many are made at a time.
constexpr std::size_t kEndlessRoutes = 256;

// As many as a real one tells.
constexpr std::size_t kDeparturesMax = 64;

model::DepartureReason to_model(ChangeReason reason) {
  switch (reason) {
    case ChangeReason::kReplaced:
      return model::DepartureReason::kReplaced;
    case ChangeReason::kUnregistered:
      return model::DepartureReason::kUnregistered;
    case ChangeReason::kConnectionClosed:
      return model::DepartureReason::kConnectionClosed;
    case ChangeReason::kExpired:
      return model::DepartureReason::kExpired;
    case ChangeReason::kUnhealthy:
      return model::DepartureReason::kUnhealthy;
    case ChangeReason::kGoneAtPeers:
      return model::DepartureReason::kGoneAtPeers;
    default:
      return model::DepartureReason::kNotTold;
  }
}

std::string reply(const codec::FrameHeader& to, FrameKind kind,
                  std::string_view payload, std::uint16_t more = 0) {
  return codec::make_frame(kind,
                           static_cast<std::uint16_t>(codec::kFlagReply | more),
                           to.correlation_id, payload);
}

std::string reply_error(const codec::FrameHeader& to, base::ErrorCode code,
                        const std::string& message) {
  return reply(to, FrameKind::kError,
               codec::encode(base::Error{code, message, ""}));
}

// Bytes that no run of the tests has by chance: of a multiplicative generator
// that begins with the question's number.
std::string noise(std::uint64_t seed, std::size_t size) {
  std::string bytes(size, '\0');
  std::uint64_t state = seed * 2 + 1;
  for (char& each : bytes) {
    state *= 6364136223846793005ULL;
    each = static_cast<char>(state >> 56U);
  }
  return bytes;
}

model::Replica replica_of(const MockBroker& broker) {
  model::Replica replica;
  replica.id = model::BrokerId(broker.id);
  const auto address = base::parse_endpoint(broker.address);
  replica.address = address ? *address : base::Endpoint{broker.address, 0};
  replica.health = static_cast<model::BrokerHealth>(broker.health);
  replica.zone = broker.zone;
  return replica;
}

}  // namespace

void MockScript::set_route(const std::string& topic,
                           const std::vector<MockBroker>& brokers) {
  std::map<std::string, model::RouteGroup> groups;
  for (const auto& broker : brokers) {
    model::RouteGroup& group = groups[broker.name];
    group.cluster = model::ClusterName("mock-cluster");
    group.broker_name = model::BrokerName(broker.name);
    group.queues = {broker.queues, broker.queues, {}, 0};
    if (!broker.writable) {
      group.queues.permission = group.queues.permission.without_write();
    }
    group.replicas.push_back(replica_of(broker));
  }
  model::VersionedRoute versioned;
  versioned.route.topic = model::TopicName(topic);
  for (auto& [name, group] : groups) {
    std::stable_sort(group.replicas.begin(), group.replicas.end(),
                     [](const model::Replica& one, const model::Replica& two) {
                       return one.id < two.id;
                     });
    versioned.route.groups.push_back(std::move(group));
  }
  versioned.digest = model::digest_route(versioned.route);
  routes_.insert_or_assign(topic, std::move(versioned));
}

std::vector<std::string> MockScript::leave(const std::string& broker,
                                           std::int64_t id, ChangeReason reason,
                                           const std::string& detail) {
  std::vector<std::string> topics;
  std::vector<model::Departure> departed;
  for (auto& [topic, versioned] : routes_) {
    auto& groups = versioned.route.groups;
    const auto group = std::find_if(
        groups.begin(), groups.end(),
        [&](const auto& each) { return each.broker_name.value() == broker; });
    if (group == groups.end()) continue;
    const auto replica = std::find_if(
        group->replicas.begin(), group->replicas.end(),
        [&](const auto& each) { return each.id == model::BrokerId(id); });
    if (replica == group->replicas.end()) continue;
    const model::Departure departure{group->broker_name, replica->id,
                                     replica->address, to_model(reason),
                                     detail};
    if (std::find(departed.begin(), departed.end(), departure) ==
        departed.end()) {
      departed.push_back(departure);
    }
    group->replicas.erase(replica);
    if (group->replicas.empty()) groups.erase(group);
    versioned.digest = model::digest_route(versioned.route);
    topics.push_back(topic);
  }
  for (const auto& topic : topics) {
    if (routes_.find(topic)->second.route.groups.empty()) routes_.erase(topic);
  }
  departures_.insert(departures_.end(), departed.begin(), departed.end());
  if (departures_.size() > kDeparturesMax) {
    departures_.erase(departures_.begin(), departures_.end() - kDeparturesMax);
  }
  return topics;
}

std::string MockScript::notice(const std::vector<std::string>& topics,
                               const Client& client) const {
  const bool watches = std::any_of(
      topics.begin(), topics.end(),
      [&](const auto& topic) { return client.watched.contains(topic); });
  if (!watches) return {};
  model::RouteQueryEnd told = end();
  told.departures = departures_;
  return codec::make_frame(FrameKind::kWatchRoutes, 0, 0, codec::encode(told));
}

MockScript::Reply MockScript::answer(const codec::FrameView& request,
                                     Client& client) {
  switch (request.header.kind) {
    case FrameKind::kHello:
      return {hello(request, client), "", false};
    case FrameKind::kPing:
      ++counts.pings;
      return {reply(request.header, FrameKind::kPing, {}), "", false};
    case FrameKind::kQueryRoutes:
    case FrameKind::kWatchRoutes:
      return query(request, client);
    default:
      ++counts.unknown;
      return {reply_error(request.header, base::ErrorCode::kUnsupported,
                          "a mock nameserver knows about routes only"),
              "", false};
  }
}

std::string MockScript::hello(const codec::FrameView& request, Client& client) {
  ++counts.hellos;
  if (const auto said = codec::decode<model::HelloRequest>(request.payload)) {
    client.name = said->name;
  }
  if (answers == MockAnswers::kWrongHello) {
    return reply(request.header, FrameKind::kHello, noise(7, 64));
  }
  model::HelloReply hello;
  hello.server_name = name_;
  hello.server_version = "mock";
  hello.incarnation = model::Incarnation(incarnation);
  hello.state = end().state;
  hello.state_reason = draining.value_or("");
  return reply(request.header, FrameKind::kHello, codec::encode(hello));
}

MockScript::Reply MockScript::query(const codec::FrameView& request,
                                    Client& client) {
  const codec::FrameHeader& header = request.header;
  const auto query = codec::decode<model::RouteQueryRequest>(request.payload);
  if (!query) {
    ++counts.not_protocol;
    return {
        reply_error(header, base::ErrorCode::kMalformed, query.error().message),
        "", true};
  }
  ++counts.queries;
  counts.topics_asked += query->topics.size();
  for (const auto& item : query->topics) {
    ++asked[item.topic.value()];
    if (header.kind == FrameKind::kWatchRoutes) {
      client.watched.insert(item.topic.value());
    }
  }
  switch (answers) {
    case MockAnswers::kNotReady:
      return {reply_error(header, base::ErrorCode::kNotReady,
                          name_ + " is not ready"),
              "", false};
    case MockAnswers::kNoAnswer:
      return {};
    case MockAnswers::kGarbage:
      return {reply(header, header.kind, noise(header.correlation_id, 64)), "",
              false};
    case MockAnswers::kRandomBytes:
      return {noise(header.correlation_id, 4096), "", false};
    case MockAnswers::kHugeFrame: {
      std::string frame = reply(header, FrameKind::kRoute, std::string(64, 'x'),
                                codec::kFlagMore);
      std::fill_n(frame.begin(), 4, '\xff');
      frame[0] = '\xf8';  // a multiple of 8
      return {std::move(frame), "", false};
    }
    case MockAnswers::kWrongProtocol:
      return {"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "",
              true};
    case MockAnswers::kEndless: {
      std::string routes;
      const std::string one = wrong_routes(header, *query);
      for (std::size_t i = 0; i < kEndlessRoutes; ++i) routes += one;
      return {"", std::move(routes), false};
    }
    default:
      return {right_answer(header, *query), "", false};
  }
}

model::RouteQueryEnd MockScript::end() const {
  model::RouteQueryEnd end;
  end.incarnation = model::Incarnation(incarnation);
  if (draining) end.state = model::ServerState::kDraining;
  if (answers == MockAnswers::kStarting) {
    end.state = model::ServerState::kStarting;
  }
  return end;
}

// What it knows of each topic; those in wrong_routes() apart.
std::string MockScript::right_answer(const codec::FrameHeader& header,
                                     const model::RouteQueryRequest& query) {
  std::string frames;
  model::RouteQueryEnd last = end();
  const auto unknown = [&](const model::TopicName& topic) {
    last.errors.push_back(
        {topic, {base::ErrorCode::kNotFound, "nobody serves the topic", ""}});
  };
  if (answers == MockAnswers::kWrongTopic ||
      answers == MockAnswers::kWrongDigest ||
      answers == MockAnswers::kNoBrokers) {
    frames = wrong_routes(header, query);
  } else if (answers != MockAnswers::kStarting) {
    for (const auto& item : query.topics) {
      const auto route = routes_.find(item.topic.value());
      if (route == routes_.end() || answers == MockAnswers::kNoTopics) {
        unknown(item.topic);
      } else if (route->second.digest == item.known) {
        ++last.unchanged;
      } else {
        ++counts.routes_told;
        if (!item.known.is_none()) last.departures = departures_;
        frames += reply(header, FrameKind::kRoute, codec::encode(route->second),
                        codec::kFlagMore);
      }
    }
  }
  if (answers == MockAnswers::kNoEnd) return frames;
  if (answers == MockAnswers::kWrongCount) last.unchanged += 7;
  return frames + reply(header, header.kind, codec::encode(last));
}

std::string MockScript::wrong_routes(const codec::FrameHeader& header,
                                     const model::RouteQueryRequest& query) {
  std::string frames;
  for (const auto& item : query.topics) {
    const auto known = routes_.find(item.topic.value());
    model::VersionedRoute route =
        known == routes_.end() ? model::VersionedRoute{} : known->second;
    route.route.topic = item.topic;
    if (answers == MockAnswers::kWrongTopic) {
      route.route.topic = model::TopicName(item.topic.value() + "-other");
    }
    if (answers == MockAnswers::kNoBrokers) route.route.groups.clear();
    route.digest = answers == MockAnswers::kWrongDigest
                       ? model::digest_bytes("another content")
                       : model::digest_route(route.route);
    ++counts.routes_told;
    frames += reply(header, FrameKind::kRoute, codec::encode(route),
                    codec::kFlagMore);
  }
  return frames;
}

std::string MockScript::push(const std::string& topic, const Client& client) {
  if (!client.watched.contains(topic)) return {};
  ++counts.pushes;
  const auto route = routes_.find(topic);
  if (route != routes_.end()) {
    ++counts.routes_told;
    return codec::make_frame(FrameKind::kRoute, 0, 0,
                             codec::encode(route->second));
  }
  model::RouteQueryEnd gone = end();
  gone.errors.push_back(
      {model::TopicName(topic),
       {base::ErrorCode::kNotFound, "nobody serves the topic", ""}});
  return codec::make_frame(FrameKind::kWatchRoutes, 0, 0, codec::encode(gone));
}

std::string MockScript::drain_notice() const {
  return codec::make_frame(
      FrameKind::kDrainNotice, 0, 0,
      codec::encode(model::DrainNotice{draining.value_or("")}));
}

}  // namespace waypost::testing

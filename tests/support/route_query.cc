#include "tests/support/route_query.h"

#include <algorithm>
#include <utility>

#include <doctest/doctest.h>

namespace waypost::support {
namespace {

RouteAnswer failed(base::ErrorCode code, std::string why) {
  RouteAnswer answer;
  answer.error = base::Error{code, std::move(why), {}};
  return answer;
}

Milliseconds left(const Stopwatch& watch, Milliseconds limit) {
  return std::max(limit - watch.elapsed(), Milliseconds(0));
}

}  // namespace

std::vector<std::string> RouteAnswer::brokers() const {
  std::vector<std::string> names;
  for (const auto& group : route.route.groups) {
    names.push_back(group.broker_name.value());
  }
  return names;
}

std::string RouteAnswer::to_string() const {
  if (error) return error->to_string();
  std::string text;
  for (const auto& name : brokers()) text += (text.empty() ? "" : " ") + name;
  return text;
}

bool RouteInquirer::connect(Milliseconds limit) {
  client_ = RawClient(nameserver_);
  if (!client_.connected() || !client_.send_preface()) return false;
  model::HelloRequest hello;
  hello.name = "inquirer";
  if (!client_.request(codec::FrameKind::kHello, ++last_id_, hello)) {
    return false;
  }
  const auto reply = client_.read_frame(limit);
  return reply && reply->header.kind == codec::FrameKind::kHello;
}

RouteAnswer RouteInquirer::ask(const std::string& topic, Milliseconds limit) {
  const Stopwatch watch;
  if (!client_.connected() && !connect(limit)) {
    client_.close();
    return failed(base::ErrorCode::kUnavailable, "cannot connect");
  }
  model::RouteQueryRequest request;
  request.topics.push_back({model::TopicName(topic), {}});
  const std::uint64_t id = ++last_id_;
  if (!client_.request(codec::FrameKind::kQueryRoutes, id, request)) {
    client_.close();
    return failed(base::ErrorCode::kUnavailable, "cannot send");
  }
  RouteAnswer answer = read_answer(id, left(watch, limit));
  if (answer.error && (answer.error->code == base::ErrorCode::kTimedOut ||
                       answer.error->code == base::ErrorCode::kUnavailable)) {
    client_.close();
  }
  return answer;
}

RouteAnswer RouteInquirer::read_answer(std::uint64_t id, Milliseconds limit) {
  const Stopwatch watch;
  RouteAnswer answer;
  for (;;) {
    const auto frame = client_.read_frame(left(watch, limit));
    if (!frame) {
      return watch.elapsed() >= limit
                 ? failed(base::ErrorCode::kTimedOut, "no answer in time")
                 : failed(base::ErrorCode::kUnavailable, "closed");
    }
    if (frame->header.correlation_id != id) continue;  // pushed
    switch (frame->header.kind) {
      case codec::FrameKind::kRoute:
        answer.route = frame->as<model::VersionedRoute>().value();
        break;
      case codec::FrameKind::kError:
        answer.error = frame->as<base::Error>().value();
        return answer;
      default: {
        const auto end = frame->as<model::RouteQueryEnd>().value();
        if (!end.errors.empty()) answer.error = end.errors.front().error;
        return answer;
      }
    }
  }
}

bool wait_for_route(const base::Endpoint& nameserver, const std::string& topic,
                    const std::vector<std::string>& brokers,
                    Milliseconds limit) {
  RouteInquirer inquirer(nameserver);
  RouteAnswer last;
  const bool reached = wait_until(limit, [&] {
    last = inquirer.ask(topic);
    return !last.error && last.brokers() == brokers;
  });
  if (!reached) {
    MESSAGE(nameserver.to_string()
            << " says of " << topic << ": " << last.to_string());
  }
  return reached;
}

}  // namespace waypost::support

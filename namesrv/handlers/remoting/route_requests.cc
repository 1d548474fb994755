#include "namesrv/handlers/remoting/route_requests.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "namesrv/handlers/remoting/route_body.h"
#include "wire/codec/remoting/java_text.h"

namespace waypost::handlers {
namespace {

// Names one form of a topic's route for the cache: the dialect, and behind it
// the zone's name where one is asked for.
class Variant {
 public:
  Variant(bool standard_json, std::string_view zone) {
    const char dialect = standard_json ? 's' : 'f';
    if (zone.size() < inline_.size()) {
      inline_[0] = dialect;
      std::copy(zone.begin(), zone.end(), inline_.begin() + 1);
      text_ = {inline_.data(), zone.size() + 1};
    } else {
      long_.append(1, dialect).append(zone);
      text_ = long_;
    }
  }
  Variant(const Variant&) = delete;
  Variant& operator=(const Variant&) = delete;
  std::string_view text() const { return text_; }

 private:
  std::array<char, 64> inline_;
  std::string long_;
  std::string_view text_;
};

class BodyEncoder : public RouteCache::Encoder {
 public:
  BodyEncoder(const service::PublishedView& view,
              const RouteBodyOptions& options)
      : view_(view), options_(options) {}

  void encode(const registry::RouteTable&, const registry::TopicEntry& topic,
              RouteCache::Entry& entry) override {
    entry.bytes = encode_route_body(view_, topic, options_);
  }

 private:
  const service::PublishedView& view_;
  const RouteBodyOptions& options_;
};

bool is_blank(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return std::isspace(static_cast<unsigned char>(c)) != 0;
  });
}

Response no_route(std::string_view topic) {
  Response response;
  response.code = remoting::response_code::kTopicNotExist;
  response.remark = "No topic route info in name server for the topic: " +
                    std::string(topic) +
                    "\nSee http://rocketmq.apache.org/docs/faq/ for further "
                    "details.";
  return response;
}

// Java's boolean of the ext field, and a name that says something.
std::string_view wanted_zone(const remoting::RouteQuery& query) {
  if (!remoting::java_boolean(query.zone_mode) || is_blank(query.zone_name)) {
    return {};
  }
  return query.zone_name;
}

void refuse(rpc::RemotingSession& session, const remoting::RouteQuery& query,
            const Response& response) {
  if (query.oneway) return;
  session.write(encode_response(
      {query.serialization, query.opaque, query.oneway}, response));
}

}  // namespace

void answer_route_query(RemotingContext& context, rpc::RemotingSession& session,
                        const remoting::RouteQuery& query) {
  if (!context.service.answers_routes()) {
    return refuse(session, query, from_error(context.service.not_ready()));
  }
  constexpr auto kQuery = partition::Operation::kQuery;
  if (!context.service.gate_open(kQuery)) {
    return refuse(session, query,
                  from_error(context.service.gate_refusal(kQuery)));
  }
  const service::PublishedView& view = context.view();
  const RouteBodyOptions options{query.standard_json, wanted_zone(query)};
  const Variant variant(options.standard_json, options.zone);
  BodyEncoder encoder(view, options);
  const RouteCache::Entry* entry =
      context.shell().route_cache->find(view.routes, view.settings_version,
                                        {query.topic, variant.text()}, encoder);
  if (entry == nullptr) {
    return refuse(session, query, no_route(query.topic));
  }
  if (query.oneway) return;
  const remoting::AnswerHead head(query.serialization, query.opaque,
                                  entry->bytes.size());
  session.write(head.bytes());
  session.write(entry->bytes);
}

void get_route(const Request& request) {
  const auto field = [&](std::string_view name) -> std::string_view {
    const std::string* value = request.field(name);
    return value != nullptr ? std::string_view(*value) : std::string_view();
  };
  if (!request.context.service.answers_routes()) {
    return answer(request, from_error(request.context.service.not_ready()));
  }
  // As in Java, where the name of nothing is null and nobody's.
  if (request.field("topic") == nullptr) {
    return answer(request, no_route("null"));
  }
  remoting::RouteQuery query;
  query.serialization = request.command.serialization;
  query.opaque = request.command.opaque;
  query.version = request.command.version;
  query.standard_json =
      remoting::version::reads_standard_json(request.command.version) ||
      remoting::java_boolean(field("acceptStandardJsonOnly"));
  query.oneway = request.command.is_oneway();
  query.topic = field("topic");
  query.zone_mode = field(remoting::kZoneModeField);
  query.zone_name = field(remoting::kZoneNameField);
  answer_route_query(request.context, request.session, query);
}

}  // namespace waypost::handlers

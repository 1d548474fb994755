#include "namesrv/handlers/remoting/registration.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "namesrv/registry/prepare.h"
#include "wire/codec/remoting/bodies.h"
#include "wire/codec/remoting/java_text.h"
#include "wire/codec/remoting/register_body.h"

namespace waypost::handlers {
namespace {

// A body on its way, charged to the budget of all of them.
class HeldBody {
 public:
  HeldBody(base::ByteBudget* budget, std::string_view body)
      : budget_(budget), taken_(body.size()) {
    if (budget_ != nullptr && !budget_->take(taken_)) {
      taken_ = 0;
      refused_ = true;
      return;
    }
    text_ = body;
  }
  ~HeldBody() { release(); }
  HeldBody(const HeldBody&) = delete;
  HeldBody& operator=(const HeldBody&) = delete;

  bool refused() const { return refused_; }
  const std::string& text() const { return text_; }
  void release() {
    std::string().swap(text_);
    if (budget_ != nullptr) budget_->give_back(std::exchange(taken_, 0));
  }

 private:
  base::ByteBudget* budget_;
  std::size_t taken_;
  bool refused_ = false;
  std::string text_;
};

// Over all that a registration says: what is equal needs no second look.
model::Digest digest_of(const remoting::Command& command,
                        std::string_view body) {
  const model::Digest content = model::digest_bytes(body);
  std::string all = std::to_string(command.version) + ' ' +
                    content.to_string() + ' ' + std::to_string(body.size());
  if (command.ext_fields) {
    for (const auto& [name, value] : *command.ext_fields) {
      all += ' ' + std::to_string(name.size()) + ' ' + name + ' ' +
             std::to_string(value.size()) + ' ' + value;
    }
  }
  return model::digest_bytes(all);
}

// One REGISTER_BROKER on its way; shared by the steps it takes on the loop, the
// registry thread and a decode thread, one after the other.
class Registration : public std::enable_shared_from_this<Registration> {
 public:
  Registration(const Request& request, model::BindingId binding)
      : to_(request),
        binding_(binding),
        command_(request.command),
        body_(request.context.shell().decode_budget, request.body) {}

  void start() {
    if (body_.refused()) {
      return refuse(
          from_error({base::ErrorCode::kBusy,
                      "too many registrations wait here to be decoded",
                      "the broker registers again by itself"}));
    }
    if (!missing_field()) return ask_if_known();
    decode();
  }

 private:
  const std::string* field(std::string_view name) const {
    return command_.ext_field(name);
  }
  std::optional<std::int64_t> broker_id() const {
    const std::string* id = field("brokerId");
    return id == nullptr ? std::nullopt : remoting::java_long(*id);
  }
  model::BrokerKey broker() const {
    return {model::BrokerName(*field("brokerName")),
            model::BrokerId(*broker_id())};
  }

  // What the registration cannot be without; null when all is there.
  const char* missing_field() const {
    for (const char* name : {"brokerName", "brokerAddr", "clusterName"}) {
      const std::string* value = field(name);
      if (value == nullptr || value->empty()) return name;
    }
    return broker_id() ? nullptr : "a brokerId that is a number";
  }

  void ask_if_known() {
    digest_ = digest_of(command_, body_.text());
    auto self = shared_from_this();
    to_.context().service.write(
        registry::RegisterUnchanged{broker(), *field("brokerAddr"), digest_,
                                    binding_},
        [self](registry::Reply reply) {
          auto* known = std::get_if<registry::RegisterUnchangedReply>(&reply);
          if (known == nullptr || !known->known) return self->decode_later();
          self->conclude(std::move(known->reply));
        });
  }

  // From the registry thread; through the loop, so that a close that happens
  // meanwhile is seen first and the body dropped.
  void decode_later() {
    to_.on_session(
        [self = shared_from_this()](rpc::RemotingSession&) { self->decode(); });
  }

  void decode() {
    const auto work = [self = shared_from_this()] {
      auto event = std::make_shared<registry::Register>();
      if (auto refusal = self->decode_into(*event)) {
        return self->refuse(std::move(*refusal));
      }
      self->to_.on_session([self, event](rpc::RemotingSession&) {
        self->submit(std::move(*event));
      });
    };
    if (body_.text().size() <= to_.context().settings.decode_inline_max_bytes) {
      work();
    } else {
      to_.context().run_on_decode_thread(work);
    }
  }

  // Any thread. The checks are in the Java server's order.
  std::optional<Response> decode_into(registry::Register& event) {
    if (command_.version < 0) {
      return thrown("no release has the version " +
                    std::to_string(command_.version));
    }
    const std::string* crc = field("bodyCrc32");
    const std::int32_t announced =
        crc == nullptr ? 0 : remoting::java_int(*crc).value_or(0);
    if (!remoting::body_crc_matches(body_.text(), announced)) {
      return with_header(system_error("crc32 not match"));
    }
    const std::string* compressed = field("compressed");
    auto body = remoting::decode_register_body(
        body_.text(),
        {command_.version,
         compressed != nullptr && remoting::java_boolean(*compressed)},
        {to_.context().settings.frame_max_bytes});
    body_.release();
    if (!body) {
      return thrown("Failed to decode RegisterBrokerBody: " +
                    body.error().to_string());
    }
    if (const char* missing = missing_field()) {
      return thrown(std::string("REGISTER_BROKER without ") + missing);
    }
    fill(event, std::move(*body));
    if (auto prepared = registry::prepare(event); !prepared) {
      return with_header(from_error(prepared.error()));
    }
    return std::nullopt;
  }

  void fill(registry::Register& event, remoting::RegisterBody body) const {
    event.binding = binding_;
    event.origin = registry::Origin::kRemoting;
    event.apply_if = registry::ApplyIf::kDifferent;
    event.on_address_conflict =
        registry::OnAddressConflict::kLargerStateVersion;
    model::RegisterRequest& request = event.request;
    request.cluster = model::ClusterName(*field("clusterName"));
    request.broker = broker();
    event.topics = request.broker.broker_id == model::kMasterId
                       ? registry::TopicsPolicy::kMerge
                       : registry::TopicsPolicy::kIgnore;
    request.topics = std::move(body.topics);
    if (const std::string* zone = field(remoting::kZoneNameField)) {
      request.zone = *zone;
    }
    if (const std::string* expiry = field("heartbeatTimeoutMillis")) {
      const auto ms = remoting::java_long(*expiry);
      if (ms && *ms > 0) request.expiry = expiry_of(*ms);
    }
    registry::RemotingRegistration& remoting = event.remoting;
    remoting.address = *field("brokerAddr");
    if (const std::string* ha = field("haServerAddr")) {
      remoting.ha_address = *ha;
    }
    remoting.version = body.data_version.value_or(model::DataVersion{});
    // Old brokers say nothing of filter servers.
    if (!remoting::version::registers_topics_alone(command_.version)) {
      remoting.filter_servers = std::move(body.filter_servers);
    }
    remoting.mappings = std::move(body.mappings);
    if (const std::string* acting = field("enableActingMaster")) {
      remoting.acting_master = remoting::java_boolean(*acting);
    }
    remoting.body = digest_;
  }

  static base::Duration expiry_of(std::int64_t ms) {
    constexpr std::int64_t kYearMs = 365LL * 24 * 3600 * 1000;
    return std::chrono::milliseconds(std::min(ms, kYearMs));
  }

  void submit(registry::Register event) {
    to_.context().service.write(
        std::move(event), [self = shared_from_this()](registry::Reply reply) {
          if (auto* error = std::get_if<base::Error>(&reply)) {
            return self->refuse(with_header(from_error(*error)));
          }
          self->conclude(
              std::move(std::get<registry::RemotingRegisterReply>(reply)));
        });
  }

  // Any thread. The reason may quote what the broker sent, however long.
  void refuse(Response response) {
    constexpr std::size_t kReasonMax = 1'000;
    if (response.remark && response.remark->size() > kReasonMax) {
      response.remark->resize(kReasonMax);
      *response.remark += "...";
    }
    body_.release();
    to_.on_session([self = shared_from_this(), response = std::move(response)](
                       rpc::RemotingSession& session) {
      const std::string* name = self->field("brokerName");
      self->to_.context().log_refused(name != nullptr ? *name : "",
                                      session.peer(),
                                      response.remark.value_or("no reason"));
      self->to_.answer(response);
    });
  }

  // Registry thread. The answer carries the order configuration of all topics.
  void conclude(registry::RemotingRegisterReply reply) {
    body_.release();
    to_.on_session([self = shared_from_this(),
                    reply = std::move(reply)](rpc::RemotingSession&) {
      Response response = with_header(success());
      if (reply.master_address) {
        response.ext_fields->set("masterAddr", *reply.master_address);
      }
      if (reply.ha_address) {
        response.ext_fields->set("haServerAddr", *reply.ha_address);
      }
      response.body = self->order_configuration();
      self->to_.answer(std::move(response));
    });
  }

  std::string order_configuration() const {
    const service::PublishedView& view = to_.context().view();
    if (!view.remoting.return_order_topic_config_to_broker) return {};
    const store::KvNamespace* entries =
        view.state->kv.find(model::kOrderTopicConfigNamespace);
    if (entries == nullptr) return {};
    return remoting::encode_kv_table({entries->begin(), entries->end()});
  }

  const LaterAnswer to_;
  const model::BindingId binding_;
  const remoting::Command command_;
  HeldBody body_;
  model::Digest digest_;
};

}  // namespace

void register_broker(const Request& request, model::BindingId binding) {
  std::make_shared<Registration>(request, binding)->start();
}

}  // namespace waypost::handlers

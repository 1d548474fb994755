#ifndef WAYPOST_TESTS_NAMESRV_ETCD_FAKE_ETCD_H_
#define WAYPOST_TESTS_NAMESRV_ETCD_FAKE_ETCD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "namesrv/etcd/etcd_messages.h"
#include "tests/support/sim/sim_world.h"

namespace waypost::etcd {

// What several members of an etcd share: leases that lapse and one key each.
class FakeEtcdStore {
 public:
  explicit FakeEtcdStore(sim::SimWorld& world) : world_(world) {}

  // The status and the body.
  std::pair<int, std::string> answer(const std::string& path,
                                     const std::string& body,
                                     const std::string& token);
  // Who has the key: "" nobody.
  std::string holder(const std::string& key);
  std::size_t lease_count();

  std::vector<std::string> asked;  // paths, in order
  // Users are switched on by one, who may use keys that begin so.
  std::string user;
  std::string password;
  std::string permitted = "waypost/lease/";
  std::string token = "token-1";  // the one that is good; change it at will
  bool forgets_tokens = false;    // each at once

 private:
  struct Held {
    std::int64_t lease = 0;
    std::string value;
  };
  void lapse();

  sim::SimWorld& world_;
  std::int64_t last_id_ = 7'000'000'000'000'000'000;
  std::map<std::int64_t, std::pair<base::Instant, base::Duration>> leases_;
  std::map<std::string, Held> keys_;
};

// One member of it on a simulated machine, as misbehaved as asked for.
class FakeEtcd {
 public:
  enum class Manner : std::uint8_t {
    kWell,
    kSilent,       // accepts, never answers
    kUnavailable,  // 503, as without a leader
    kGarbage,
    kHuge,   // a body without end
    kDrips,  // a byte each half second
    kDeaf,   // does what it is asked, and drops the answer
  };

  FakeEtcd(sim::SimWorld& world, FakeEtcdStore& store, int number)
      : node(world.add_node("etcd-" + std::to_string(number),
                            "10.0.5." + std::to_string(number))),
        endpoint{node.address(), 2379},
        store_(store) {
    node.executor().post([this] {
      listener_ = *node.network().listen(
          endpoint, {},
          [this](std::unique_ptr<transport::Connection> accepted) {
            connections_.push_back(
                std::make_unique<Connection>(*this, std::move(accepted)));
          });
    });
  }

  sim::SimNode& node;
  const base::Endpoint endpoint;
  Manner manner = Manner::kWell;
  int connections() const { return static_cast<int>(connections_.size()); }

 private:
  class Connection : public transport::ConnectionHandler {
   public:
    Connection(FakeEtcd& owner, std::unique_ptr<transport::Connection> accepted)
        : owner_(owner), connection_(std::move(accepted)) {
      connection_->start(this);
    }
    std::size_t on_bytes(std::span<const std::byte> bytes) override {
      request_.append(reinterpret_cast<const char*>(bytes.data()),
                      bytes.size());
      const auto head = request_.find("\r\n\r\n");
      const auto length = request_.find("Content-Length: ");
      if (head == std::string::npos || length == std::string::npos) {
        return bytes.size();
      }
      const std::size_t size = std::stoul(request_.substr(length + 16));
      if (request_.size() < head + 4 + size) return bytes.size();
      const std::string path = request_.substr(5, request_.find(' ', 5) - 5);
      const std::string field = "Authorization: ";
      const auto token = request_.find(field);
      token_ = token > head ? ""
                            : request_.substr(token + field.size(),
                                              request_.find('\r', token) -
                                                  token - field.size());
      serve(path, request_.substr(head + 4));
      return bytes.size();
    }
    void on_closed(transport::CloseReason, const base::Error&) override {}

   private:
    void say(std::string_view text) {
      connection_->write(std::as_bytes(std::span(text)));
    }
    void serve(const std::string& path, const std::string& body) {
      switch (owner_.manner) {
        case Manner::kSilent:
          return;
        case Manner::kUnavailable:
          say("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n"
              "{}");
          return;
        case Manner::kGarbage:
          say("220 mail.example.org ESMTP\r\n");
          return;
        case Manner::kHuge:
          say("HTTP/1.1 200 OK\r\n\r\n");
          return pour();
        case Manner::kDrips:
          say("HTTP/1.1 200 OK\r\nX: ");
          return drip();
        case Manner::kDeaf:
          owner_.store_.answer(path, body, token_);
          return connection_->close();
        case Manner::kWell:
          break;
      }
      const auto [status, text] = owner_.store_.answer(path, body, token_);
      say("HTTP/1.1 " + std::to_string(status) + " Whatever\r\n");
      say("Content-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text);
    }
    void pour() {
      if (!connection_->is_open()) return;
      say(std::string(64 * 1024, ' '));
      timer_ = owner_.node.executor().run_after(std::chrono::milliseconds(10),
                                                [this] { pour(); });
    }
    void drip() {
      if (!connection_->is_open()) return;
      say("x");
      timer_ = owner_.node.executor().run_after(std::chrono::milliseconds(500),
                                                [this] { drip(); });
    }

    FakeEtcd& owner_;
    std::unique_ptr<transport::Connection> connection_;
    std::unique_ptr<base::Timer> timer_;
    std::string request_;
    std::string token_;
  };

  FakeEtcdStore& store_;
  std::unique_ptr<transport::Listener> listener_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

inline void FakeEtcdStore::lapse() {
  std::erase_if(leases_, [&](const auto& each) {
    return each.second.first <= world_.now();
  });
  std::erase_if(keys_, [&](const auto& each) {
    return !leases_.contains(each.second.lease);
  });
}

inline std::string FakeEtcdStore::holder(const std::string& key) {
  lapse();
  return keys_.contains(key) ? keys_[key].value : "";
}

inline std::size_t FakeEtcdStore::lease_count() {
  lapse();
  return leases_.size();
}

inline std::pair<int, std::string> FakeEtcdStore::answer(
    const std::string& path, const std::string& body, const std::string& sent) {
  using nlohmann::json;
  asked.push_back(path);
  lapse();
  const json request = json::parse(body);
  const auto number = [&](const char* key) {
    return static_cast<std::int64_t>(
        std::stoll(request.at(key).get<std::string>()));
  };
  const std::pair<int, std::string> no_lease = {
      404, R"({"error":"etcdserver: requested lease not found","code":5})"};
  const auto refuse = [](int status, int code, const std::string& why) {
    return std::pair{
        status, json{{"error", "etcdserver: " + why}, {"code", code}}.dump()};
  };
  json reply = {{"header", {{"revision", "1"}}}};
  if (path == kAuthenticatePath) {
    if (user.empty()) return refuse(412, 9, "authentication is not enabled");
    if (request.at("name") != user || request.at("password") != password) {
      return refuse(400, 3,
                    "authentication failed, invalid user ID or password");
    }
    reply["token"] = token;
    return {200, reply.dump()};
  }
  // As in 3.4, leases are granted and kept alive without a token, but not with
  // a wrong one.
  if (!user.empty() && !sent.empty() && (sent != token || forgets_tokens)) {
    return refuse(401, 16, "invalid auth token");
  }
  if (!user.empty() && sent.empty() &&
      (path == kTxnPath || path == kRevokePath)) {
    return refuse(400, 3, "user name is empty");
  }
  if (path == kGrantPath) {
    const std::chrono::seconds ttl(number("TTL"));
    leases_[++last_id_] = {world_.now() + ttl, ttl};
    reply["ID"] = std::to_string(last_id_);
    reply["TTL"] = std::to_string(ttl.count());
  } else if (path == kRevokePath) {
    if (leases_.erase(number("ID")) == 0) return no_lease;
    lapse();
  } else if (path == kKeepAlivePath) {
    const auto lease = leases_.find(number("ID"));
    reply["ID"] = request.at("ID");
    if (lease != leases_.end()) {
      lease->second.first = world_.now() + lease->second.second;
      reply["TTL"] = std::to_string(
          std::chrono::duration_cast<std::chrono::seconds>(lease->second.second)
              .count());
    }
    reply = json{{"result", reply}};
  } else {
    const json& put = request.at("success").at(0).at("request_put");
    const std::string key =
        from_base64(put.at("key").get<std::string>()).value();
    if (!user.empty() && !key.starts_with(permitted)) {
      return refuse(403, 7, "permission denied");
    }
    const bool only_tries = request.at("compare").at(0).at("result") == "LESS";
    if (only_tries) return {200, reply.dump()};
    if (keys_.contains(key)) {
      json held = json::object();
      held["value"] = base64(keys_[key].value);
      held["lease"] = std::to_string(keys_[key].lease);
      reply["responses"][0]["response_range"]["kvs"][0] = held;
    } else {
      const auto lease = std::stoll(put.at("lease").get<std::string>());
      if (!leases_.contains(lease)) return no_lease;
      keys_[key] = {lease,
                    from_base64(put.at("value").get<std::string>()).value()};
      reply["succeeded"] = true;
    }
  }
  return {200, reply.dump()};
}

}  // namespace waypost::etcd

#endif  // WAYPOST_TESTS_NAMESRV_ETCD_FAKE_ETCD_H_

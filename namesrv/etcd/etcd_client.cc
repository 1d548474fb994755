#include "namesrv/etcd/etcd_client.h"

#include <algorithm>
#include <utility>

namespace waypost::etcd {

base::Result<EtcdEndpoints> parse_etcd_endpoints(std::string_view text) {
  std::string plain;
  bool http = false;
  bool https = false;
  while (!text.empty()) {
    const auto comma = text.find(',');
    std::string_view each = text.substr(0, comma);
    text.remove_prefix(std::min(text.size(), each.size() + 1));
    if (each.starts_with("https://")) {
      https = true;
      each.remove_prefix(8);
    } else {
      http = true;
      if (each.starts_with("http://")) each.remove_prefix(7);
    }
    if (each.ends_with('/')) each.remove_suffix(1);
    if (!plain.empty()) plain += ',';
    plain += each;
  }
  if (http && https) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "some members of etcd have https://, some have not",
                      "write https:// before each, or before none");
  }
  auto endpoints = base::parse_endpoints(plain);
  if (!endpoints) return tl::unexpected(endpoints.error());
  return EtcdEndpoints{std::move(*endpoints), https};
}

class EtcdClient::Call final : public transport::Operation {
 public:
  Call(EtcdClient& client, HttpRequest request, base::Duration within,
       HttpCall::Done done)
      : client_(client),
        request_(std::move(request)),
        due_(client.executor_.now() + within),
        done_(std::move(done)) {
    try_next();
  }

 private:
  void try_next() {
    const auto& endpoints = client_.servers_.endpoints;
    const base::Duration left =
        std::max(due_ - client_.executor_.now(), base::Duration(0));
    const auto share = left / (endpoints.size() - tried_);
    at_ = (client_.first_ + tried_) % endpoints.size();
    ++tried_;
    http_ = std::make_unique<HttpCall>(
        client_.executor_, client_.network_, client_.servers_.tls,
        endpoints[at_], request_, share,
        [this](base::Result<HttpResponse> response) {
          on_answer(std::move(response));
        });
  }

  void on_answer(base::Result<HttpResponse> response) {
    const bool of_use = response && response->status < 500;
    if (!of_use && tried_ < client_.servers_.endpoints.size())
      return try_next();
    if (of_use) client_.first_ = at_;
    // The callback may destroy this.
    const HttpCall::Done done = std::exchange(done_, nullptr);
    done(std::move(response));
  }

  EtcdClient& client_;
  const HttpRequest request_;
  const base::Instant due_;
  HttpCall::Done done_;
  std::size_t tried_ = 0;
  std::size_t at_ = 0;
  std::unique_ptr<HttpCall> http_;
};

EtcdClient::EtcdClient(base::Executor& executor, transport::Network& network,
                       EtcdServers servers)
    : executor_(executor), network_(network), servers_(std::move(servers)) {}

std::unique_ptr<transport::Operation> EtcdClient::post(HttpRequest request,
                                                       base::Duration within,
                                                       HttpCall::Done done) {
  return std::make_unique<Call>(*this, std::move(request), within,
                                std::move(done));
}

}  // namespace waypost::etcd

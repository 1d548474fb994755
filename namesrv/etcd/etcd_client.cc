#include "namesrv/etcd/etcd_client.h"

#include <algorithm>
#include <utility>

namespace waypost::etcd {

base::Result<std::vector<base::Endpoint>> parse_etcd_endpoints(
    std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const auto comma = text.find(',');
    std::string_view each = text.substr(0, comma);
    text.remove_prefix(std::min(text.size(), each.size() + 1));
    if (each.starts_with("https://")) {
      return base::fail(base::ErrorCode::kInvalidArgument,
                        "etcd at " + std::string(each) +
                            ": this nameserver does not speak TLS to etcd yet",
                        "use http:// in a trusted network, or a TLS proxy on "
                        "this machine");
    }
    if (each.starts_with("http://")) each.remove_prefix(7);
    if (each.ends_with('/')) each.remove_suffix(1);
    if (!plain.empty()) plain += ',';
    plain += each;
  }
  return base::parse_endpoints(plain);
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
    const auto& endpoints = client_.endpoints_;
    const base::Duration left =
        std::max(due_ - client_.executor_.now(), base::Duration(0));
    const auto share = left / (endpoints.size() - tried_);
    at_ = (client_.first_ + tried_) % endpoints.size();
    ++tried_;
    http_ = std::make_unique<HttpCall>(
        client_.executor_, client_.network_, endpoints[at_], request_, share,
        [this](base::Result<HttpResponse> response) {
          on_answer(std::move(response));
        });
  }

  void on_answer(base::Result<HttpResponse> response) {
    const bool of_use = response && response->status < 500;
    if (!of_use && tried_ < client_.endpoints_.size()) return try_next();
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
                       std::vector<base::Endpoint> endpoints)
    : executor_(executor),
      network_(network),
      endpoints_(std::move(endpoints)) {}

std::unique_ptr<transport::Operation> EtcdClient::post(HttpRequest request,
                                                       base::Duration within,
                                                       HttpCall::Done done) {
  return std::make_unique<Call>(*this, std::move(request), within,
                                std::move(done));
}

}  // namespace waypost::etcd

#include "namesrv/etcd/etcd_session.h"

#include <algorithm>
#include <utility>

#include "namesrv/etcd/etcd_messages.h"

namespace waypost::etcd {

class EtcdSession::Question final : public transport::Operation {
 public:
  Question(EtcdSession& session, HttpRequest request, base::Duration within,
           HttpCall::Done done)
      : session_(session),
        request_(std::move(request)),
        due_(session.executor_.now() + within),
        done_(std::move(done)) {
    if (session_.user_.name.empty() || session_.has_token_) {
      ask();
    } else {
      authenticate();
    }
  }

 private:
  base::Duration time_left() const {
    return std::max(due_ - session_.executor_.now(), base::Duration(0));
  }

  void authenticate() {
    authenticated_ = true;
    session_.has_token_ = false;
    const EtcdUser& user = session_.user_;
    call_ = session_.client_.post(
        {kAuthenticatePath, authenticate_request(user.name, user.password), {}},
        time_left(), [this](base::Result<HttpResponse> response) {
          if (!response) return tell(std::move(response));
          auto token = read_authenticate(*response);
          if (!token) return tell(tl::unexpected(token.error()));
          session_.token_ = std::move(*token);
          session_.has_token_ = true;
          ask();
        });
  }

  void ask() {
    request_.authorization = session_.token_;
    call_ = session_.client_.post(
        request_, time_left(), [this](base::Result<HttpResponse> response) {
          const bool again = response && wants_token(*response) &&
                             !session_.user_.name.empty() && !authenticated_;
          if (again) return authenticate();
          // A token that is refused when it is new says something else.
          if (response && wants_token(*response)) session_.has_token_ = false;
          tell(std::move(response));
        });
  }

  // The callback may destroy this.
  void tell(base::Result<HttpResponse> response) {
    const HttpCall::Done done = std::exchange(done_, nullptr);
    done(std::move(response));
  }

  EtcdSession& session_;
  HttpRequest request_;
  const base::Instant due_;
  HttpCall::Done done_;
  bool authenticated_ = false;  // in the course of this question
  std::unique_ptr<transport::Operation> call_;
};

EtcdSession::EtcdSession(base::Executor& executor, transport::Network& network,
                         EtcdServers servers, EtcdUser user)
    : executor_(executor),
      client_(executor, network, std::move(servers)),
      user_(std::move(user)) {}

std::unique_ptr<transport::Operation> EtcdSession::post(const std::string& path,
                                                        const std::string& body,
                                                        base::Duration within,
                                                        HttpCall::Done done) {
  return std::make_unique<Question>(*this, HttpRequest{path, body, {}}, within,
                                    std::move(done));
}

}  // namespace waypost::etcd

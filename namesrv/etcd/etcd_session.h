#ifndef WAYPOST_NAMESRV_ETCD_ETCD_SESSION_H_
#define WAYPOST_NAMESRV_ETCD_ETCD_SESSION_H_

#include <memory>
#include <string>

#include "namesrv/etcd/etcd_client.h"

namespace waypost::etcd {

struct EtcdUser {
  std::string name;  // empty: etcd is asked as nobody
  std::string password;
};

// Asks etcd as a user: with a token that it gave for name and password, which
// is sent with each question. Tokens end: after five minutes without use, with
// the member that gave it, and with each change of users and roles. etcd says
// so and does nothing; then a new one is asked for and the question once more.
// An etcd whose users are switched off is asked without a token.
class EtcdSession {
 public:
  EtcdSession(base::Executor& executor, transport::Network& network,
              EtcdServers servers, EtcdUser user);

  // As EtcdClient::post(); the time is for a new token, too. A refusal of name
  // and password is the answer.
  [[nodiscard]] std::unique_ptr<transport::Operation> post(
      const std::string& path, const std::string& body, base::Duration within,
      HttpCall::Done done);

 private:
  class Question;

  base::Executor& executor_;
  EtcdClient client_;
  const EtcdUser user_;
  std::string token_;
  bool has_token_ = false;  // also where none is needed
};

}  // namespace waypost::etcd

#endif  // WAYPOST_NAMESRV_ETCD_ETCD_SESSION_H_

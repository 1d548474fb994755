#ifndef WAYPOST_WIRE_RPC_PEER_AUTH_H_
#define WAYPOST_WIRE_RPC_PEER_AUTH_H_

// Both ends of a cluster connection prove that they know `cluster.secret`:
//
//   caller  {name, nonce}             ->
//                                     <-  {name, nonce, proof}
//   caller  {name, nonce, proof}      ->
//                                     <-  {name}
//
// A proof is a keyed digest over who proves it, both nonces and both names, so
// it is worth nothing on another connection or for the other end. It guards who
// may speak, not what is said after it: on networks that others can change, run
// the cluster port through a tunnel.

#include <optional>
#include <string>

#include "base/error.h"
#include "wire/model/peer_messages.h"

namespace waypost::rpc {

class AuthCaller {
 public:
  AuthCaller(std::string secret, model::PeerName self);

  model::PeerAuth first() const { return {self_, nonce_, {}}; }
  // The answer to first(); what to send next, or kDenied.
  base::Result<model::PeerAuth> second(const model::PeerAuth& answer) const;

 private:
  const std::string secret_;
  const model::PeerName self_;
  const std::string nonce_;
};

class AuthAnswerer {
 public:
  AuthAnswerer(std::string secret, model::PeerName self);

  // The answer to each message of the caller, or kDenied.
  base::Result<model::PeerAuth> answer(const model::PeerAuth& message);
  bool done() const { return done_; }

 private:
  const std::string secret_;
  const model::PeerName self_;
  const std::string nonce_;
  std::optional<model::PeerAuth> caller_;
  bool done_ = false;
};

}  // namespace waypost::rpc

#endif  // WAYPOST_WIRE_RPC_PEER_AUTH_H_

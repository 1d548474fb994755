#include "wire/rpc/peer_auth.h"

#include <string_view>
#include <utility>

#include "wire/transport/keyed_digest.h"

namespace waypost::rpc {
namespace {

constexpr std::size_t kNonceBytes = 16;

std::string proof_of(std::string_view who, const std::string& secret,
                     const model::PeerAuth& caller,
                     const model::PeerName& answerer,
                     const std::string& answerer_nonce) {
  std::string text = "waypost peer auth 1, ";
  text += who;
  for (const std::string* part : {&caller.nonce, &answerer_nonce,
                                  &caller.name.value(), &answerer.value()}) {
    text += '\n';
    text += std::to_string(part->size());
    text += ':';
    text += *part;
  }
  return transport::keyed_digest(secret, text);
}

tl::unexpected<base::Error> denied(const std::string& whom) {
  return base::fail(base::ErrorCode::kDenied,
                    whom + " does not prove that it knows cluster.secret",
                    "set the same cluster.secret everywhere");
}

}  // namespace

AuthCaller::AuthCaller(std::string secret, model::PeerName self)
    : secret_(std::move(secret)),
      self_(std::move(self)),
      nonce_(transport::random_bytes(kNonceBytes)) {}

base::Result<model::PeerAuth> AuthCaller::second(
    const model::PeerAuth& answer) const {
  const model::PeerAuth asked = first();
  const std::string expected =
      proof_of("answerer", secret_, asked, answer.name, answer.nonce);
  if (answer.nonce.size() != kNonceBytes ||
      !transport::equal_in_constant_time(answer.proof, expected)) {
    return denied(answer.name.value());
  }
  return model::PeerAuth{
      self_, nonce_,
      proof_of("caller", secret_, asked, answer.name, answer.nonce)};
}

AuthAnswerer::AuthAnswerer(std::string secret, model::PeerName self)
    : secret_(std::move(secret)),
      self_(std::move(self)),
      nonce_(transport::random_bytes(kNonceBytes)) {}

base::Result<model::PeerAuth> AuthAnswerer::answer(
    const model::PeerAuth& message) {
  if (!caller_) {
    if (message.nonce.size() != kNonceBytes)
      return denied(message.name.value());
    caller_ = message;
    return model::PeerAuth{
        self_, nonce_, proof_of("answerer", secret_, message, self_, nonce_)};
  }
  const std::string expected =
      proof_of("caller", secret_, *caller_, self_, nonce_);
  if (done_ || !transport::equal_in_constant_time(message.proof, expected)) {
    return denied(caller_->name.value());
  }
  done_ = true;
  return model::PeerAuth{self_, {}, {}};
}

}  // namespace waypost::rpc

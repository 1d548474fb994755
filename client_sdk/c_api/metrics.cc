// A client's figures, as prometheus_text() of C++ has them.

#include "waypost/metrics.hpp"

#include <span>

#include "client_sdk/c_api/handles.h"

using namespace waypost;         // NOLINT: all of it is a face of that
using namespace waypost::c_api;  // NOLINT

waypost_code waypost_client_metrics(const waypost_client* client, char** out,
                                    waypost_error** error) {
  return guarded(error, [&]() -> Status {
    if (client == nullptr || out == nullptr) {
      return invalid("waypost_client_metrics: a parameter is NULL");
    }
    *out = nullptr;
    const ClientMetrics metrics = client->client.metrics();
    *out = copy_text(prometheus_text(std::span(&metrics, 1)));
    return {};
  });
}

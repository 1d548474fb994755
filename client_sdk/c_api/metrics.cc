// A client's figures in Prometheus' text format:
// https://prometheus.io/docs/instrumenting/exposition_formats/ (0.0.4).

#include "client_sdk/c_api/handles.h"

using namespace waypost;         // NOLINT: all of it is a face of that
using namespace waypost::c_api;  // NOLINT

namespace {

void add(std::string& text, const std::string& name, const char* type,
         const char* help, std::uint64_t value) {
  text += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type +
          "\n" + name + " " + std::to_string(value) + "\n";
}

std::string metrics_text(const ClientStats& stats) {
  std::string text;
  const auto counter = [&text](const char* name, const char* help,
                               std::uint64_t value) {
    add(text, std::string("waypost_client_") + name + "_total", "counter", help,
        value);
  };
  const auto gauge = [&text](const char* name, const char* help,
                             std::uint64_t value) {
    add(text, std::string("waypost_client_") + name, "gauge", help, value);
  };
  gauge("connected", "1 while a nameserver is connected.",
        stats.connected ? 1 : 0);
  counter("nameserver_switches", "Nameservers left for others.",
          stats.switches);
  counter("queries", "Questions that a nameserver answered.", stats.queries);
  counter("query_failures", "Questions that no nameserver answered.",
          stats.failures);
  gauge("topics", "Topics followed.", stats.topics);
  gauge("avoided_brokers", "Brokers that the fault table avoids now.",
        stats.avoided);
  counter("route_tables", "Route tables made.", stats.published);
  gauge("events_waiting", "Events that nobody has taken yet.",
        stats.events_waiting);
  counter("events_merged", "Events merged into others, the queue being full.",
          stats.events_merged);
  counter("events_lost", "Events lost, the queue being full.",
          stats.events_lost);
  return text;
}

}  // namespace

waypost_code waypost_client_metrics(const waypost_client* client, char** out,
                                    waypost_error** error) {
  return guarded(error, [&]() -> Status {
    if (client == nullptr || out == nullptr) {
      return invalid("waypost_client_metrics: a parameter is NULL");
    }
    *out = nullptr;
    *out = copy_text(metrics_text(client->client.stats()));
    return {};
  });
}

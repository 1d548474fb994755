#ifndef WAYPOST_METRICS_HPP_
#define WAYPOST_METRICS_HPP_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace waypost {

// How many values lie up to each bound and above the one before it.
struct MetricsHistogram {
  std::vector<double> bounds;         // upper, ascending
  std::vector<std::uint64_t> counts;  // one more than bounds: above all
  double sum = 0;

  void add(double value);
};

// What one client did so far and how it stands. A copy. In brackets the name in
// Prometheus' text, where each has the labels client (ClientOptions::name) and
// id (the number of the client in this process); counters grow from the
// client's creation on.
struct ClientMetrics {
  std::string client;
  std::uint64_t id = 0;

  bool connected = false;  // [waypost_client_connected]
  // Left for another one. [waypost_client_nameserver_switches_total]
  std::uint64_t switches = 0;
  // Questions that a nameserver answered, that none did, that were also asked
  // of a second one. [waypost_client_queries_total,
  // waypost_client_query_failures_total, waypost_client_hedges_total]
  std::uint64_t queries = 0;
  std::uint64_t query_failures = 0;
  std::uint64_t hedges = 0;
  // How long the answered ones took, in seconds.
  // [waypost_client_query_seconds]
  MetricsHistogram query_seconds;
  // Routes that nameservers told by themselves: new or another, or confirmed.
  // [waypost_client_pushed_routes_total]
  std::uint64_t pushed_routes = 0;

  std::uint64_t topics = 0;        // followed [waypost_client_topics]
  std::uint64_t route_tables = 0;  // made [waypost_client_route_tables_total]
  // Seconds since each known route was last told or confirmed, and of the
  // oldest. [waypost_client_routes{age_le="30"}, gauges that add up;
  // waypost_client_oldest_route_seconds]
  MetricsHistogram route_ages;
  double oldest_route_seconds = 0;

  // Brokers that the fault table avoids now, and how often it began to.
  // [waypost_client_avoided_brokers, waypost_client_avoidances_total]
  std::uint64_t avoided_brokers = 0;
  std::uint64_t avoidances = 0;
  // Picks that found a route; each thread counts for itself, without an atomic
  // addition. [waypost_client_picks_total]
  std::uint64_t picks = 0;

  // Events that wait to be taken, were merged into others, were lost.
  // [waypost_client_events_waiting, waypost_client_events_merged_total,
  // waypost_client_events_lost_total]
  std::uint64_t events_waiting = 0;
  std::uint64_t events_merged = 0;
  std::uint64_t events_lost = 0;
};

// Called each `metrics_interval` where events are delivered (EventDelivery).
// What it throws is caught and logged.
using MetricsHandler = std::function<void(const ClientMetrics&)>;

// Prometheus' text exposition format 0.0.4, for /metrics of the application's
// own server: https://prometheus.io/docs/instrumenting/exposition_formats/.
// All clients of a process belong into one call: a metric's lines must stand
// together.
std::string prometheus_text(std::span<const ClientMetrics> clients);

}  // namespace waypost

#endif  // WAYPOST_METRICS_HPP_

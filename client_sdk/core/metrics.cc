#include "waypost/metrics.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace waypost {
namespace {

// The shortest text that reads as the same number: counters grow past what a
// fixed precision keeps.
std::string number(double value) {
  std::array<char, 32> text;
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

// Backslash, quote and line feed, as the format wants.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\' || c == '"') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result;
}

class Text {
 public:
  explicit Text(std::span<const ClientMetrics> clients) : clients_(clients) {}

  template <typename Value>
  void add(const std::string& name, const char* type, const char* help,
           Value ClientMetrics::*field) {
    head(name, type, help);
    for (const auto& each : clients_) {
      line(name, each, "", static_cast<double>(each.*field));
    }
  }

  // Cumulative, as the format has them; `label` is "le" for a histogram proper.
  void add_buckets(const std::string& name, const char* label,
                   const ClientMetrics& client,
                   const MetricsHistogram& histogram) {
    double below = 0;
    for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
      below += static_cast<double>(histogram.counts[i]);
      const std::string bound = i < histogram.bounds.size()
                                    ? number(histogram.bounds[i])
                                    : std::string("+Inf");
      line(name, client, std::string(label) + "=\"" + bound + "\"", below);
    }
  }

  void head(const std::string& name, const char* type, const char* help) {
    text_ +=
        "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
  }
  void line(const std::string& name, const ClientMetrics& client,
            const std::string& label, double value) {
    text_ += name + "{client=\"" + escaped(client.client) + "\",id=\"" +
             std::to_string(client.id) + "\"" +
             (label.empty() ? "" : "," + label) + "} " + number(value) + "\n";
  }
  std::string take() { return std::move(text_); }

 private:
  const std::span<const ClientMetrics> clients_;
  std::string text_;
};

std::uint64_t total(const MetricsHistogram& histogram) {
  std::uint64_t sum = 0;
  for (const auto each : histogram.counts) sum += each;
  return sum;
}

}  // namespace

void MetricsHistogram::add(double value) {
  counts.resize(bounds.size() + 1);
  const auto bound = std::lower_bound(bounds.begin(), bounds.end(), value);
  ++counts[static_cast<std::size_t>(bound - bounds.begin())];
  sum += value;
}

std::string prometheus_text(std::span<const ClientMetrics> clients) {
  using M = ClientMetrics;
  const std::string p = "waypost_client_";
  const char* const counter = "counter";
  const char* const gauge = "gauge";
  Text text(clients);
  text.add(p + "connected", gauge, "1 while a nameserver is connected.",
           &M::connected);
  text.add(p + "nameserver_switches_total", counter,
           "Nameservers left for others.", &M::switches);
  text.add(p + "queries_total", counter,
           "Questions that a nameserver answered.", &M::queries);
  text.add(p + "query_failures_total", counter,
           "Questions that no nameserver answered.", &M::query_failures);
  text.add(p + "hedges_total", counter,
           "Questions also asked of a second nameserver.", &M::hedges);
  const std::string seconds = p + "query_seconds";
  text.head(seconds, "histogram", "How long answered questions took.");
  for (const auto& each : clients) {
    text.add_buckets(seconds + "_bucket", "le", each, each.query_seconds);
    text.line(seconds + "_sum", each, "", each.query_seconds.sum);
    text.line(seconds + "_count", each, "",
              static_cast<double>(total(each.query_seconds)));
  }
  text.add(p + "pushed_routes_total", counter,
           "Routes that nameservers told by themselves.", &M::pushed_routes);
  text.add(p + "topics", gauge, "Topics followed.", &M::topics);
  text.add(p + "route_tables_total", counter, "Route tables made.",
           &M::route_tables);
  text.head(p + "routes", gauge,
            "Known routes told or confirmed within so many seconds.");
  for (const auto& each : clients) {
    text.add_buckets(p + "routes", "age_le", each, each.route_ages);
  }
  text.add(p + "oldest_route_seconds", gauge,
           "Since the oldest route was told or confirmed.",
           &M::oldest_route_seconds);
  text.add(p + "avoided_brokers", gauge,
           "Brokers that the fault table avoids now.", &M::avoided_brokers);
  text.add(p + "avoidances_total", counter,
           "How often a broker began to be avoided.", &M::avoidances);
  text.add(p + "picks_total", counter, "Picks that found a route.", &M::picks);
  text.add(p + "events_waiting", gauge, "Events that nobody has taken yet.",
           &M::events_waiting);
  text.add(p + "events_merged_total", counter,
           "Events merged into others, the queue being full.",
           &M::events_merged);
  text.add(p + "events_lost_total", counter,
           "Events lost, the queue being full.", &M::events_lost);
  return text.take();
}

}  // namespace waypost

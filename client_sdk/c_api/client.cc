// Clients: made, asked, closed.

#include <optional>
#include <span>

#include "client_sdk/c_api/handles.h"
#include "waypost/uv.hpp"

using namespace waypost;         // NOLINT: all of it is a face of that
using namespace waypost::c_api;  // NOLINT

namespace {

constexpr std::chrono::nanoseconds as_time(int64_t nanoseconds) {
  return std::chrono::nanoseconds(nanoseconds);
}

Status set_handlers(const waypost_handlers* given, ClientOptions& options) {
  waypost_handlers handlers{};
  if (auto read = read_sized(given, handlers); !read) return read;
  void* const context = handlers.context;
  if (const auto on_event = handlers.on_event) {
    if (handlers.poll_events != 0) {
      return invalid("waypost_handlers: on_event together with poll_events");
    }
    options.on_event = [on_event, context](const Event& event) {
      tell(event, on_event, context);
    };
    options.event_delivery = EventDelivery::kThread;
  }
  if (handlers.poll_events != 0) {
    options.event_delivery = EventDelivery::kPoll;
    if (const auto wake = handlers.on_events_ready) {
      options.on_events_ready = [wake, context] { wake(context); };
    }
  }
  if (const auto on_check = handlers.on_check) {
    options.broker_probe.kind = ProbeKind::kCheck;
    options.broker_probe.check = [on_check, context](
                                     const Broker& broker,
                                     std::chrono::nanoseconds timeout,
                                     ProbeReply reply) {
      const waypost_broker told = to_c(broker);
      on_check(context, &told, timeout.count(),
               new waypost_check{std::move(reply)});
    };
  }
  if (const auto on_metrics = handlers.on_metrics) {
    options.on_metrics = [on_metrics, context](const ClientMetrics& metrics) {
      on_metrics(context, prometheus_text(std::span(&metrics, 1)).c_str());
    };
  }
  if (const auto on_log = handlers.on_log) {
    options.on_log = [on_log, context](LogLevel level, std::string_view line) {
      on_log(context, static_cast<int32_t>(level), std::string(line).c_str());
    };
  }
  return {};
}

template <typename Make>
Status create(const waypost_options* options, const waypost_handlers* handlers,
              waypost_client** out, Make make) {
  if (options == nullptr || out == nullptr) {
    return invalid("waypost_client_create: a parameter is NULL");
  }
  *out = nullptr;
  ClientOptions all = options->options;
  if (auto set = set_handlers(handlers, all); !set) return set;
  auto client = make(std::move(all));
  if (!client) return client.error();
  *out = new waypost_client{std::move(client).value()};
  return {};
}

}  // namespace

waypost_code waypost_client_create(const waypost_options* options,
                                   const waypost_handlers* handlers,
                                   waypost_client** out,
                                   waypost_error** error) {
  return guarded(error, [&]() -> Status {
    return create(options, handlers, out, Client::create);
  });
}

waypost_code waypost_client_create_on_loop(uv_loop_s* loop,
                                           const waypost_options* options,
                                           const waypost_handlers* handlers,
                                           waypost_client** out,
                                           waypost_error** error) {
  return guarded(error, [&]() -> Status {
    return create(options, handlers, out, [loop](ClientOptions all) {
      return create_on_loop(loop, std::move(all));
    });
  });
}

waypost_code waypost_client_close(waypost_client* client, int64_t timeout_ns,
                                  waypost_error** error) {
  return guarded(error, [&]() -> Status {
    if (client == nullptr) return invalid("client is NULL");
    return client->client.close(as_time(timeout_ns));
  });
}

void waypost_client_free(waypost_client* client) { delete client; }

size_t waypost_client_poll_events(waypost_client* client, size_t most,
                                  int64_t timeout_ns,
                                  void (*on_event)(void* context,
                                                   const waypost_event* event),
                                  void* context) {
  if (client == nullptr || on_event == nullptr) return 0;
  std::size_t count = 0;
  try {
    if (timeout_ns > 0) client->client.wait_for_events(as_time(timeout_ns));
    for (const Event& event : client->client.poll_events(most)) {
      tell(event, on_event, context);
      ++count;
    }
  } catch (...) {  // no memory: what was taken and not told is lost
  }
  return count;
}

namespace {

// What a caller gave, or the error.
Result<CallLimits> to_limits(const waypost_limits* given) {
  if (given == nullptr) return invalid("limits is NULL");
  waypost_limits all{};
  if (auto read = read_sized(given, all); !read) return read.error();
  return CallLimits(as_time(all.timeout_ns), token_of(all.cancel));
}

waypost_limits only_time(int64_t timeout_ns) {
  return {sizeof(waypost_limits), timeout_ns, nullptr};
}

}  // namespace

waypost_code waypost_client_route_within(waypost_client* client,
                                         const char* topic,
                                         const waypost_limits* limits,
                                         waypost_route** out,
                                         waypost_error** error) {
  return guarded(error, [&]() -> Status {
    if (client == nullptr || topic == nullptr || out == nullptr) {
      return invalid("waypost_client_route: a parameter is NULL");
    }
    *out = nullptr;
    const auto all = to_limits(limits);
    if (!all) return all.error();
    auto route = client->client.route(topic, *all);
    if (!route) return route.error();
    std::string text = route->to_string();
    *out = new waypost_route{std::move(route).value(), std::move(text)};
    return {};
  });
}

waypost_code waypost_client_refresh_within(waypost_client* client,
                                           const char* topic,
                                           const waypost_limits* limits,
                                           waypost_error** error) {
  return guarded(error, [&]() -> Status {
    if (client == nullptr) return invalid("client is NULL");
    const auto all = to_limits(limits);
    if (!all) return all.error();
    return topic == nullptr ? client->client.refresh_all(*all)
                            : client->client.refresh(topic, *all);
  });
}

waypost_code waypost_client_route_async_within(
    waypost_client* client, const char* topic, const waypost_limits* limits,
    void (*on_done)(void* context, waypost_code code, waypost_route* route,
                    const waypost_error* error),
    void* context, waypost_error** error) {
  return guarded(error, [&]() -> Status {
    if (client == nullptr || topic == nullptr || on_done == nullptr) {
      return invalid("waypost_client_route_async: a parameter is NULL");
    }
    const auto all = to_limits(limits);
    if (!all) return all.error();
    return client->client.route_async(
        topic, *all, [on_done, context](Result<Route> route) {
          if (!route) {
            const waypost_error failure = as_error(route.error());
            on_done(context, static_cast<waypost_code>(failure.code), nullptr,
                    &failure);
            return;
          }
          std::string text = route->to_string();
          on_done(context, WAYPOST_OK,
                  new waypost_route{std::move(route).value(), std::move(text)},
                  nullptr);
        });
  });
}

waypost_code waypost_client_refresh_async_within(
    waypost_client* client, const char* topic, const waypost_limits* limits,
    void (*on_done)(void* context, waypost_code code,
                    const waypost_error* error),
    void* context, waypost_error** error) {
  return guarded(error, [&]() -> Status {
    if (client == nullptr || on_done == nullptr) {
      return invalid("waypost_client_refresh_async: a parameter is NULL");
    }
    const auto all = to_limits(limits);
    if (!all) return all.error();
    const auto done = [on_done, context](const Status& status) {
      if (status) return on_done(context, WAYPOST_OK, nullptr);
      const waypost_error failure = as_error(status.error());
      on_done(context, static_cast<waypost_code>(failure.code), &failure);
    };
    return topic == nullptr ? client->client.refresh_all_async(*all, done)
                            : client->client.refresh_async(topic, *all, done);
  });
}

waypost_code waypost_client_route(waypost_client* client, const char* topic,
                                  int64_t timeout_ns, waypost_route** out,
                                  waypost_error** error) {
  const waypost_limits limits = only_time(timeout_ns);
  return waypost_client_route_within(client, topic, &limits, out, error);
}

waypost_code waypost_client_refresh(waypost_client* client, const char* topic,
                                    int64_t timeout_ns, waypost_error** error) {
  const waypost_limits limits = only_time(timeout_ns);
  return waypost_client_refresh_within(client, topic, &limits, error);
}

waypost_code waypost_client_route_async(
    waypost_client* client, const char* topic, int64_t timeout_ns,
    void (*on_done)(void* context, waypost_code code, waypost_route* route,
                    const waypost_error* error),
    void* context, waypost_error** error) {
  const waypost_limits limits = only_time(timeout_ns);
  return waypost_client_route_async_within(client, topic, &limits, on_done,
                                           context, error);
}

waypost_code waypost_client_refresh_async(
    waypost_client* client, const char* topic, int64_t timeout_ns,
    void (*on_done)(void* context, waypost_code code,
                    const waypost_error* error),
    void* context, waypost_error** error) {
  const waypost_limits limits = only_time(timeout_ns);
  return waypost_client_refresh_async_within(client, topic, &limits, on_done,
                                             context, error);
}

waypost_code waypost_client_stats(const waypost_client* client,
                                  waypost_stats* out) {
  return guarded(nullptr, [&]() -> Status {
    if (client == nullptr) return invalid("client is NULL");
    const ClientStats stats = client->client.stats();
    waypost_stats all{};
    all.switches = stats.switches;
    all.queries = stats.queries;
    all.failures = stats.failures;
    all.topics = stats.topics;
    all.avoided = stats.avoided;
    all.connected = stats.connected ? 1 : 0;
    return write_sized(all, out);
  });
}

// --- Cancelling and checks ---

waypost_cancel* waypost_cancel_new(void) {
  try {
    return new waypost_cancel{CancelToken::make()};
  } catch (...) {
    return nullptr;
  }
}
void waypost_cancel_trigger(const waypost_cancel* cancel) {
  if (cancel != nullptr) cancel->token.cancel();
}
int32_t waypost_cancel_triggered(const waypost_cancel* cancel) {
  return cancel != nullptr && cancel->token.cancelled() ? 1 : 0;
}
void waypost_cancel_free(waypost_cancel* cancel) { delete cancel; }

void waypost_check_works(const waypost_check* check) {
  if (check != nullptr) check->reply.works();
}
void waypost_check_fails(const waypost_check* check, const char* why) {
  if (check != nullptr) check->reply.fails(why == nullptr ? "" : why);
}
void waypost_check_free(waypost_check* check) { delete check; }

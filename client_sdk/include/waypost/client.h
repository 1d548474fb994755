#ifndef WAYPOST_CLIENT_H_
#define WAYPOST_CLIENT_H_

/* The client SDK for C, and for whatever calls C: the same library, the same
 * behaviour; waypost/client.hpp tells more about each operation.
 *
 *   waypost_options *options = waypost_options_new();
 *   waypost_options_set(options, "client.nameservers", "10.0.0.1:9876", NULL);
 *   waypost_client *client = NULL;
 *   waypost_error *error = NULL;
 *   if (waypost_client_create(options, NULL, &client, &error) != WAYPOST_OK) {
 *     fprintf(stderr, "%s\n", waypost_error_text(error));
 *     waypost_error_free(error);
 *   }
 *   waypost_options_free(options);
 *
 * Errors. What can fail returns a waypost_code, WAYPOST_OK or why not, and has
 * a last parameter `error`. Where that is not NULL it gets NULL on success,
 * else an error that the caller frees. Where it is NULL, failing costs nothing
 * extra. Nothing here throws or ends the process.
 *
 * Ownership. What a function with _new, _create or _topic in its name returns,
 * and what stands in a parameter that is called `out`, is the caller's, to be
 * freed with the _free of its type; NULL may be freed. Texts that are returned
 * as `const char *` belong to what they were asked of and live as long. Texts
 * that are given are copied where they are needed for longer than the call. All
 * texts end in a zero byte.
 *
 * Structs. Each begins with its size. For those that the caller fills in, say
 *   waypost_pick_options options = {.struct_size = sizeof options};
 * and set what is wanted: what is zero, or not there yet in the version that
 * the caller was compiled with, means the default. For those that the library
 * fills in, set struct_size before the call; no more than that is written.
 * Members are only ever added, at the end: a program that was compiled with an
 * older header works with a newer library. Bytes that an older library does not
 * know must be zero: WAYPOST_INVALID_ARGUMENT.
 *
 * Threads. Everything may be called from any thread at any time, but for _free
 * of a handle and waypost_options_set, which must not run beside another use of
 * the same handle. In a child after fork() make a new client.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WAYPOST_VERSION_MAJOR 0
#define WAYPOST_VERSION_MINOR 1
#define WAYPOST_VERSION_PATCH 0

/* Of the library in use, "0.1.0"; a constant. */
const char* waypost_version(void);

/* Of a function's success or failure; newer libraries may have more. */
typedef int32_t waypost_code;
enum {
  WAYPOST_OK = 0,
  WAYPOST_INTERNAL = 1,         /* a bug, no memory, no descriptors */
  WAYPOST_INVALID_ARGUMENT = 2, /* the caller's value is wrong */
  WAYPOST_NOT_FOUND = 3,        /* no such topic, option, ... */
  WAYPOST_NOT_READY = 4,        /* not known yet, nameservers are starting */
  WAYPOST_TIMED_OUT = 5,        /* the deadline passed */
  WAYPOST_UNAVAILABLE = 6,      /* nobody could be reached, or serves it */
  WAYPOST_CANCELLED = 7,        /* the client is closed or closing */
  WAYPOST_MALFORMED = 8,        /* a peer does not speak our protocol */
  WAYPOST_TOO_LARGE = 9,
  WAYPOST_BUSY = 10, /* retry later */
  WAYPOST_CONFLICT = 11,
  WAYPOST_STALE = 12,
  WAYPOST_UNSUPPORTED = 13,
  WAYPOST_DENIED = 14
};
/* "not-ready", "timed-out", ...; a constant. */
const char* waypost_code_name(waypost_code code);

typedef struct waypost_error waypost_error;
/* "timed-out: no nameserver answered ... (check that ...)"; of NULL "". */
const char* waypost_error_text(const waypost_error* error);
waypost_code waypost_error_code(const waypost_error* error);
void waypost_error_free(waypost_error* error);

/* --- Options --- */

typedef struct waypost_options waypost_options;
/* With the defaults of the profile rocketmq-4; NULL: no memory. */
waypost_options* waypost_options_new(void);
void waypost_options_free(waypost_options* options);
/* "client.rpc-timeout" = "500ms"; `profile` is a key too; a list is added to.
 * docs/options.md has all keys. An unknown key suggests the nearest. */
waypost_code waypost_options_set(waypost_options* options, const char* key,
                                 const char* value, waypost_error** error);
/* The value in the form that _set reads; free it with waypost_text_free. */
waypost_code waypost_options_get(const waypost_options* options,
                                 const char* key, char** out,
                                 waypost_error** error);
/* WAYPOST_CLIENT_..., WAYPOST_NAMESERVERS, NAMESRV_ADDR: see
 * ClientOptions::set_from_environment in options.hpp for the order. */
waypost_code waypost_options_set_from_environment(waypost_options* options,
                                                  waypost_error** error);
void waypost_text_free(char* text);

/* --- Events --- */

/* Something that happened; lives during the handler's call. */
typedef struct waypost_event waypost_event;
typedef int32_t waypost_event_kind;
enum {
  WAYPOST_EVENT_OTHER = 0, /* see the text */
  WAYPOST_EVENT_NAMESERVER_CONNECTED = 1,
  WAYPOST_EVENT_NAMESERVER_SWITCHED = 2, /* `nameserver` is the new one */
  WAYPOST_EVENT_NAMESERVERS_CHANGED = 3,
  WAYPOST_EVENT_REFRESH_FAILED = 4,
  WAYPOST_EVENT_ROUTE_CHANGED = 5,
  WAYPOST_EVENT_BROKER_AVOIDED = 6,
  WAYPOST_EVENT_BROKER_NO_LONGER_AVOIDED = 7,
  WAYPOST_EVENT_BROKER_JOINED = 8,
  WAYPOST_EVENT_BROKER_LEFT = 9,
  WAYPOST_EVENT_BROKER_HEALTH_CHANGED = 10,
  WAYPOST_EVENT_MASTER_CHANGED = 11, /* `address`: the new one's, if any */
  WAYPOST_EVENT_CLIENT_CLOSED = 12,
  WAYPOST_EVENT_EVENTS_LOST = 13, /* more than the queue holds */
  /* An avoided broker was tried out, and answered, or did not: `why` not. */
  WAYPOST_EVENT_BROKER_PROBED = 14,
  WAYPOST_EVENT_BROKER_PROBE_FAILED = 15,
  WAYPOST_EVENT_CLIENT_CREATED = 16, /* `why`: the client's name */
  WAYPOST_EVENT_CLIENT_CLOSING = 17
};
waypost_event_kind waypost_event_what(const waypost_event* event);
/* One line for people, without the time. */
const char* waypost_event_text(const waypost_event* event);
/* Nanoseconds since 1970. */
int64_t waypost_event_unix_time_ns(const waypost_event* event);
/* What it is about; "" where that says nothing. */
const char* waypost_event_topic(const waypost_event* event);
const char* waypost_event_nameserver(const waypost_event* event);
const char* waypost_event_broker(const waypost_event* event); /* its name */
const char* waypost_event_address(const waypost_event* event);
const char* waypost_event_why(const waypost_event* event);
/* Of BROKER_LEFT, BROKER_JOINED and MASTER_CHANGED; newer libraries may have
 * more. ChangeReason in events.hpp tells of each. `why` says the same in words,
 * with what the nameserver adds: "expired (silent for 120s)". */
enum {
  WAYPOST_REASON_NOT_TOLD = 0,
  WAYPOST_REASON_REPLACED = 1,
  WAYPOST_REASON_ROLE_CHANGED = 2,
  WAYPOST_REASON_UNREGISTERED = 3,
  WAYPOST_REASON_CONNECTION_CLOSED = 4,
  WAYPOST_REASON_EXPIRED = 5,
  WAYPOST_REASON_UNHEALTHY = 6,
  WAYPOST_REASON_GONE_AT_PEERS = 7
};
int32_t waypost_event_reason(const waypost_event* event);
/* How long: BROKER_AVOIDED for (with probes: at least, or at most),
 * BROKER_PROBED and BROKER_PROBE_FAILED took. Else 0. */
int64_t waypost_event_duration_ns(const waypost_event* event);
/* EVENTS_LOST: how many. Else 0. */
uint64_t waypost_event_count(const waypost_event* event);
/* NAMESERVER_SWITCHED: the one that was left. Else "". */
const char* waypost_event_left_nameserver(const waypost_event* event);
/* NAMESERVER_CONNECTED: what it calls itself. Else "". */
const char* waypost_event_server_name(const waypost_event* event);
/* BROKER_HEALTH_CHANGED: what it was, as in waypost_broker. Else 0. */
int32_t waypost_event_health_before(const waypost_event* event);
/* Not 0: BROKER_LEFT, and the client avoided it because it failed or was slow.
 */
int32_t waypost_event_avoided(const waypost_event* event);

/* Names that an event lists. */
enum {
  WAYPOST_LIST_NAMESERVERS = 0, /* NAMESERVERS_CHANGED: all of them, now */
  WAYPOST_LIST_ADDED = 1,       /* ROUTE_CHANGED: broker groups that came */
  WAYPOST_LIST_REMOVED = 2      /* ROUTE_CHANGED: broker groups that went */
};
/* How many; 0 where the event has no such list. */
size_t waypost_event_list_size(const waypost_event* event, int32_t list);
/* NULL: no such index. */
const char* waypost_event_list_item(const waypost_event* event, int32_t list,
                                    size_t index);

/* A broker; the texts live as long as what it was asked of. */
typedef struct waypost_broker {
  size_t struct_size;
  const char* cluster;
  const char* name; /* of the group */
  const char* host;
  const char* address; /* "host:port", "[v6]:port" */
  const char* zone;
  int64_t id; /* within the group; 0 is the master */
  uint16_t port;
  int32_t health; /* 0 healthy, 1 suspect, 2 unhealthy; 0 in a check */
} waypost_broker;

/* All about the broker that the event is about, into `out`, whose struct_size
 * is set. `health` is what BROKER_JOINED came with, what BROKER_LEFT had last,
 * what BROKER_HEALTH_CHANGED has now; else 0. MASTER_CHANGED: the new master.
 * WAYPOST_NOT_FOUND: it is about none. */
waypost_code waypost_event_about(const waypost_event* event,
                                 waypost_broker* out);
/* The other one: who the broker is, or who is in its place, after BROKER_LEFT;
 * the old master of MASTER_CHANGED. WAYPOST_NOT_FOUND: none is known. */
waypost_code waypost_event_other(const waypost_event* event,
                                 waypost_broker* out);

/* The answer of a check, from any thread; see waypost_handlers::on_check. The
 * first answer counts, and only in time. Freed without one: the broker failed.
 */
typedef struct waypost_check waypost_check;
void waypost_check_works(const waypost_check* check);
void waypost_check_fails(const waypost_check* check, const char* why);
void waypost_check_free(waypost_check* check);

/* What the application hears, and where. */
typedef struct waypost_handlers {
  size_t struct_size;
  /* The first parameter of all of them. */
  void* context;
  /* Called on a thread of the library that does nothing else, one event at a
   * time, in order. May call anything of its client but _free. NULL: events
   * wait to be polled, if `poll_events` is not 0. */
  void (*on_event)(void* context, const waypost_event* event);
  /* One line: level 0 trace, 1 debug, 2 info, 3 warn, 4 error. On any thread,
   * also at the same time; must not block nor call the client. */
  void (*on_log)(void* context, int32_t level, const char* line);
  /* Not 0: events are kept for waypost_client_poll_events. Not together with
   * on_event. */
  int32_t poll_events;
  /* Called on the thread that talks to nameservers when there is something to
   * poll after there was nothing, to wake a loop. Must not block nor call the
   * client. */
  void (*on_events_ready)(void* context);
  /* Tries an avoided broker out, within `timeout_ns`, and answers now or later
   * with `check`, which is its own to free; `broker` lives for the call. Called
   * where events are told. Set: client.broker-probe is `check`. */
  void (*on_check)(void* context, const waypost_broker* broker,
                   int64_t timeout_ns, waypost_check* check);
  /* Each client.metrics-interval where events are told: the client's figures in
   * Prometheus' text format; `text` lives for the call. */
  void (*on_metrics)(void* context, const char* text);
} waypost_handlers;

/* --- Cancelling --- */

/* Ends operations before they are over: each that was given it, and is not,
 * ends with WAYPOST_CANCELLED, once. One may be given to any number of them,
 * and may be freed while they run. From any thread, also in a handler. */
typedef struct waypost_cancel waypost_cancel;
waypost_cancel* waypost_cancel_new(void); /* NULL: no memory */
void waypost_cancel_trigger(const waypost_cancel* cancel);
int32_t waypost_cancel_triggered(const waypost_cancel* cancel);
void waypost_cancel_free(waypost_cancel* cancel);

/* For the functions with _within in their name. */
typedef struct waypost_limits {
  size_t struct_size;
  int64_t timeout_ns;           /* from the call on */
  const waypost_cancel* cancel; /* NULL: none */
} waypost_limits;

/* --- Client --- */

typedef struct waypost_client waypost_client;

/* Checks the options and starts; does not wait for a nameserver. The options
 * may be freed afterwards. `handlers` may be NULL; their context must live
 * until the client is closed. */
waypost_code waypost_client_create(const waypost_options* options,
                                   const waypost_handlers* handlers,
                                   waypost_client** out, waypost_error** error);
/* As waypost_client_create, on the application's own libuv loop (a uv_loop_t)
 * and without a thread; on the loop's thread what waits is refused, use the
 * _async forms there. waypost/uv.hpp has the rules. */
struct uv_loop_s;
waypost_code waypost_client_create_on_loop(struct uv_loop_s* loop,
                                           const waypost_options* options,
                                           const waypost_handlers* handlers,
                                           waypost_client** out,
                                           waypost_error** error);
/* Stops within `timeout_ns` whatever nameservers do; later calls fail with
 * WAYPOST_CANCELLED. WAYPOST_TIMED_OUT: a handler still runs. */
waypost_code waypost_client_close(waypost_client* client, int64_t timeout_ns,
                                  waypost_error** error);
/* Closes within 5 s if that was not done. Topics and picks of it end with it.
 * Not in a handler. */
void waypost_client_free(waypost_client* client);

/* Hands the oldest events to `on_event`, at most `most` of them, on the calling
 * thread; waits for the first at most `timeout_ns` (0: does not wait). Returns
 * how many. Also after _close, for the last ones. */
size_t waypost_client_poll_events(
    waypost_client* client, size_t most, int64_t timeout_ns,
    void (*on_event)(void* context, const waypost_event* event), void* context);

/* --- Routes --- */

/* Who serves a topic; a copy, which does not change. */
typedef struct waypost_route waypost_route;

/* The cached route; if there is none, waits for it at most `timeout_ns`.
 * WAYPOST_NOT_FOUND: nobody serves the topic. */
waypost_code waypost_client_route(waypost_client* client, const char* topic,
                                  int64_t timeout_ns, waypost_route** out,
                                  waypost_error** error);
/* Asks the nameservers now, about all topics in use if `topic` is NULL. */
waypost_code waypost_client_refresh(waypost_client* client, const char* topic,
                                    int64_t timeout_ns, waypost_error** error);
void waypost_route_free(waypost_route* route);

/* The same without waiting. Where these return WAYPOST_OK, `on_done` is called
 * exactly once, where events are told: on a thread of the library, or, where
 * events are polled, in waypost_client_poll_events (also after _close); on the
 * loop's for a client on a loop. Never within the call. It gets a code, and a
 * route that is the handler's to free, or an error that lives for the call.
 * Else it is not called. A client that is closed ends them with
 * WAYPOST_CANCELLED. */
waypost_code waypost_client_route_async(
    waypost_client* client, const char* topic, int64_t timeout_ns,
    void (*on_done)(void* context, waypost_code code, waypost_route* route,
                    const waypost_error* error),
    void* context, waypost_error** error);
waypost_code waypost_client_refresh_async(
    waypost_client* client, const char* topic, int64_t timeout_ns,
    void (*on_done)(void* context, waypost_code code,
                    const waypost_error* error),
    void* context, waypost_error** error);

/* All four with what ends them sooner. `limits` may not be NULL. */
waypost_code waypost_client_route_within(waypost_client* client,
                                         const char* topic,
                                         const waypost_limits* limits,
                                         waypost_route** out,
                                         waypost_error** error);
waypost_code waypost_client_refresh_within(waypost_client* client,
                                           const char* topic,
                                           const waypost_limits* limits,
                                           waypost_error** error);
waypost_code waypost_client_route_async_within(
    waypost_client* client, const char* topic, const waypost_limits* limits,
    void (*on_done)(void* context, waypost_code code, waypost_route* route,
                    const waypost_error* error),
    void* context, waypost_error** error);
waypost_code waypost_client_refresh_async_within(
    waypost_client* client, const char* topic, const waypost_limits* limits,
    void (*on_done)(void* context, waypost_code code,
                    const waypost_error* error),
    void* context, waypost_error** error);

/* ROUTE_CHANGED: the route that is in use from now on. The event's, not to be
 * freed. Else NULL. */
const waypost_route* waypost_event_route(const waypost_event* event);

/* "orders: broker-a/0@10.0.0.1:10911 rw 4+4". */
const char* waypost_route_text(const waypost_route* route);
/* Equal content has equal digests at all nameservers. */
const char* waypost_route_digest(const waypost_route* route);
const char* waypost_route_nameserver(const waypost_route* route);
/* 0 server, 1 push, 2 snapshot. */
int32_t waypost_route_origin(const waypost_route* route);
/* Since a nameserver last told or confirmed it. */
int64_t waypost_route_age_ns(const waypost_route* route);

/* One broker group with the topic's queues there. */
typedef struct waypost_group {
  size_t struct_size;
  const char* cluster;
  const char* name;
  uint32_t read_queues;
  uint32_t write_queues;
  int32_t readable;
  int32_t writable;
  size_t replica_count;
} waypost_group;

size_t waypost_route_group_count(const waypost_route* route);
/* WAYPOST_INVALID_ARGUMENT: no such index, or a struct_size that is none. */
waypost_code waypost_route_group(const waypost_route* route, size_t group,
                                 waypost_group* out);
waypost_code waypost_route_replica(const waypost_route* route, size_t group,
                                   size_t replica, waypost_broker* out);

/* --- Picks --- */

enum { WAYPOST_PRODUCE = 0, WAYPOST_CONSUME = 1 };
enum {
  WAYPOST_SELECT_DEFAULT = 0, /* client.selector */
  WAYPOST_SELECT_ROUND_ROBIN = 1,
  WAYPOST_SELECT_ZONE_FIRST = 2,
  WAYPOST_SELECT_LEAST_LATENCY = 3
};

/* A chosen broker and queue. A value; its texts, and the value itself, are good
 * until the client is freed. */
typedef struct waypost_pick {
  size_t struct_size;
  const char* broker; /* name of the group */
  const char* address;
  const char* host;
  int64_t broker_id;
  uint32_t queue;
  uint16_t port;
  const void* internal;
} waypost_pick;

typedef struct waypost_pick_options {
  size_t struct_size;
  int32_t purpose;  /* WAYPOST_PRODUCE, WAYPOST_CONSUME */
  int32_t selector; /* WAYPOST_SELECT_... */
  /* Equal keys get the same broker and queue. NULL: none. Any bytes. */
  const void* key;
  size_t key_size;
  /* Broker groups not to pick while there are others. */
  const waypost_pick* avoid;
  size_t avoid_count;
} waypost_pick_options;

/* A topic whose name has been looked up already. */
typedef struct waypost_topic waypost_topic;
waypost_code waypost_client_topic(waypost_client* client, const char* name,
                                  waypost_topic** out, waypost_error** error);
void waypost_topic_free(waypost_topic* topic);

/* The next broker and queue in turn; never waits. `options` may be NULL.
 * WAYPOST_NOT_READY: the route is not here yet. */
waypost_code waypost_topic_pick(const waypost_topic* topic,
                                const waypost_pick_options* options,
                                waypost_pick* out, waypost_error** error);

typedef int32_t waypost_outcome;
enum {
  WAYPOST_SUCCEEDED = 0,
  WAYPOST_FAILED = 1,  /* the broker did not do it: another is tried */
  WAYPOST_REJECTED = 2 /* the request is wrong: it would fail elsewhere too */
};
/* Tells how using a pick went, for the choice of the next ones. */
waypost_code waypost_client_report(waypost_client* client,
                                   const waypost_pick* pick,
                                   waypost_outcome outcome, int64_t latency_ns);

/* --- Sending --- */

/* The application's own transport: sends to `pick` and returns within
 * `budget_ns`, on the thread that called waypost_client_send. It may say why it
 * failed: `why` has room for `why_size` bytes with the zero byte. */
typedef waypost_outcome (*waypost_attempt)(void* context,
                                           const waypost_pick* pick,
                                           int64_t budget_ns, char* why,
                                           size_t why_size);

typedef struct waypost_send_options {
  size_t struct_size;
  int64_t budget_ns;     /* for all attempts; 0: client.send-timeout */
  int64_t attempts_most; /* 0: client.send-attempts */
  int32_t selector;      /* WAYPOST_SELECT_... */
  const void* key;
  size_t key_size;
  const waypost_cancel* cancel; /* NULL: none */
} waypost_send_options;

typedef struct waypost_send_report {
  size_t struct_size;
  int64_t elapsed_ns;
  size_t attempts;
} waypost_send_report;

/* Picks a broker and runs `attempt`, again on another broker when it failed,
 * within the budget. `options` and `report` may be NULL. */
waypost_code waypost_client_send(waypost_client* client, const char* topic,
                                 waypost_attempt attempt, void* context,
                                 const waypost_send_options* options,
                                 waypost_send_report* report,
                                 waypost_error** error);

/* An attempt that has begun; the application's, from any thread, to be ended by
 * _complete or _free, once. */
typedef struct waypost_pending waypost_pending;
/* Says how it went and frees it; without effect on the send when that does not
 * wait for it any more. `why` may be NULL. */
void waypost_pending_complete(waypost_pending* attempt, waypost_outcome outcome,
                              const char* why);
/* Not 0: nobody waits for it any more: its budget is used up, the send was
 * cancelled, the client closed. */
int32_t waypost_pending_over(const waypost_pending* attempt);
/* One that was not completed has failed. */
void waypost_pending_free(waypost_pending* attempt);

/* Starts sending to `pick` and returns soon. Runs where handlers run. One that
 * is not complete after `budget_ns` has failed, and another broker is tried. */
typedef void (*waypost_async_attempt)(void* context, const waypost_pick* pick,
                                      int64_t budget_ns,
                                      waypost_pending* attempt);

/* waypost_client_send for a transport that answers later. `on_done` is called
 * as those of the other _async functions are, within the budget; `report` and
 * `error`, which is NULL for WAYPOST_OK, live for the call. */
waypost_code waypost_client_send_async(
    waypost_client* client, const char* topic, waypost_async_attempt attempt,
    void* context, const waypost_send_options* options,
    void (*on_done)(void* context, waypost_code code,
                    const waypost_send_report* report,
                    const waypost_error* error),
    waypost_error** error);

/* --- Figures --- */

typedef struct waypost_stats {
  size_t struct_size;
  uint64_t switches; /* of the nameserver */
  uint64_t queries;  /* answered */
  uint64_t failures; /* that no nameserver answered */
  uint64_t topics;   /* followed */
  uint64_t avoided;  /* brokers, now */
  int32_t connected; /* to a nameserver */
} waypost_stats;
waypost_code waypost_client_stats(const waypost_client* client,
                                  waypost_stats* out);

/* The same and more in Prometheus' text format; free it with
 * waypost_text_free. */
waypost_code waypost_client_metrics(const waypost_client* client, char** out,
                                    waypost_error** error);

#ifdef __cplusplus
}
#endif

#endif /* WAYPOST_CLIENT_H_ */

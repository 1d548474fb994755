/* Finds a topic's brokers and sends something to them, in C.
 *
 *   cc lookup.c $(pkg-config --cflags --libs waypost-client) -o lookup
 *   WAYPOST_NAMESERVERS=10.0.0.1:9876,10.0.0.2:9876 ./lookup orders
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <waypost/client.h>

static const int64_t kSecond = 1000000000;

static int complain(const char* what, waypost_error* error) {
  fprintf(stderr, "%s: %s\n", what, waypost_error_text(error));
  waypost_error_free(error);
  return 1;
}

/* The application's own transport; this one lets the first attempt fail. */
static waypost_outcome publish(void* context, const waypost_pick* pick,
                               int64_t budget_ns, char* why, size_t why_size) {
  int* attempts = context;
  printf("attempt %d: to %s, queue %" PRIu32 ", at most %" PRId64 " ms\n",
         ++*attempts, pick->address, pick->queue, budget_ns / 1000000);
  if (*attempts > 1) return WAYPOST_SUCCEEDED;
  snprintf(why, why_size, "not acknowledged");
  return WAYPOST_FAILED;
}

static void print_event(void* context, const waypost_event* event) {
  (void)context;
  printf("event: %s\n", waypost_event_text(event));
}

static int print_route(waypost_client* client, const char* topic) {
  waypost_route* route = NULL;
  waypost_error* error = NULL;
  if (waypost_client_route(client, topic, 3 * kSecond, &route, &error) != 0) {
    return complain("no route", error);
  }
  for (size_t i = 0; i < waypost_route_group_count(route); ++i) {
    waypost_group group = {.struct_size = sizeof group};
    if (waypost_route_group(route, i, &group) != WAYPOST_OK) return 1;
    printf("group %s: %" PRIu32 " queues to write\n", group.name,
           group.write_queues);
    for (size_t j = 0; j < group.replica_count; ++j) {
      waypost_broker broker = {.struct_size = sizeof broker};
      if (waypost_route_replica(route, i, j, &broker) != WAYPOST_OK) return 1;
      printf("  broker %" PRId64 " at %s\n", broker.id, broker.address);
    }
  }
  waypost_route_free(route);
  return 0;
}

static int use(waypost_client* client, const char* topic) {
  if (print_route(client, topic) != 0) return 1;
  int attempts = 0;
  waypost_send_options options = {.struct_size = sizeof options,
                                  .key = "customer 7",
                                  .key_size = strlen("customer 7")};
  waypost_send_report report = {.struct_size = sizeof report};
  waypost_error* error = NULL;
  if (waypost_client_send(client, topic, publish, &attempts, &options, &report,
                          &error) != WAYPOST_OK) {
    return complain("not sent", error);
  }
  printf("sent after %zu attempts\n", report.attempts);
  waypost_client_poll_events(client, 100, 0, print_event, NULL);
  return 0;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: lookup TOPIC\n");
    return 2;
  }
  waypost_error* error = NULL;
  waypost_options* options = waypost_options_new();
  if (waypost_options_set_from_environment(options, &error) != WAYPOST_OK) {
    waypost_options_free(options);
    return complain("environment", error);
  }
  waypost_handlers handlers = {.struct_size = sizeof handlers,
                               .poll_events = 1};
  waypost_client* client = NULL;
  const waypost_code created =
      waypost_client_create(options, &handlers, &client, &error);
  waypost_options_free(options);
  if (created != WAYPOST_OK) return complain("no client", error);
  const int status = use(client, argv[1]);
  waypost_client_free(client);
  return status;
}

#include "admin_cli/settings.h"

#include <chrono>

namespace waypost::admin {

void declare_options(base::OptionTable& table, Settings& settings) {
  table.endpoints("nameservers", settings.nameservers,
                  "The nameservers to ask, in this order until one answers; "
                  "with --all every one of them.");
  table.choice("output", settings.output, {"table", "json"},
               "The form of the answer: aligned columns for people, or JSON "
               "whose members stay as docs/waypostctl.md describes them.");
  table.flag("all", settings.all,
             "Ask all nameservers at once and show each one's answer.");
  table.duration("timeout", settings.timeout, std::chrono::milliseconds(1),
                 std::chrono::minutes(10),
                 "How long one nameserver may take for a request, connecting "
                 "included; each page of a long listing is a request.");
  table.text("prefix", settings.prefix,
             "broker list, broker permissions, topic list: only names that "
             "begin with this.");
  table.text("owner", settings.owner,
             "broker wipe-write, broker add-write: who wants it, shown to "
             "others; $USER when empty.");
  table.text("reason", settings.reason,
             "broker wipe-write, broker add-write: why, shown to others.");
  table.duration("lapses-after", settings.lapses_after, base::Duration{0},
                 std::chrono::hours(24 * 365),
                 "broker wipe-write, broker add-write: after this long the "
                 "broker has its own permission again; 0s: never by itself.");
  table.text("cluster", settings.cluster,
             "topic delete: only from the brokers of this cluster.");
  table.endpoints(
      "cluster-ports", settings.cluster_ports,
      "cluster show, partitions, clear-partitions, forget, readmit: "
      "the nameservers' addresses for peers (--cluster-listen), "
      "asked in place of --nameservers, whose service ports tell them "
      "otherwise.");
  table.text("cluster.secret-file", settings.cluster_secret_file,
             "File that holds the nameservers' cluster secret, for these "
             "commands; cluster ports on the loopback interface may have "
             "none.");
}

}  // namespace waypost::admin

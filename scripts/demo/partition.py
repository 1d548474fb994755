"""Shows what five nameservers do when the network between them is cut; see
scripts/partition_demo.sh --help."""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time

import sandbox
from group import Group
from machines import NamespaceLab
from services import Site, start_broker, wait_for
from timeline import Timeline

# What a mode cannot do without, and what makes it quick enough to watch.
SETTINGS = {
    "pause-if-all-down": ["--cluster.pause-if-all-down.nodes", "ns1,ns2",
                          "--cluster.pause-if-all-down.recover", "ignore"],
    "static-quorum": ["--cluster.static-quorum.quorum-size", "3"],
}
MODES = ["ignore", "pause-minority", "pause-if-all-down", "autoheal",
         "static-quorum", "keep-majority", "keep-oldest", "down-all"]


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/partition_demo.sh",
        description="Five machines made of network namespaces, each with a "
        "nameserver; machine 1 and machine 3 with a mosquitto. The network is "
        "cut in two and later whole again; the nameservers and waypostctl tell "
        "what they make of it.",
        epilog="Exit status: 0 when all was whole again in the end; 1 when "
        "not, or when network namespaces are not allowed; 2 for wrong "
        "arguments.")
    parser.add_argument("--mode", choices=MODES, default="pause-minority",
                        help="cluster.partition-handling (default "
                        "pause-minority)")
    parser.add_argument("--side", default="12", metavar="NUMBERS",
                        help="the machines that are cut off from the others "
                        "(default 12)")
    parser.add_argument("--seconds", type=float, default=10,
                        help="for how long (default 10)")
    parser.add_argument("--bin", default="build/release/bin",
                        help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    side = set(arguments.side)
    if not side or not side < set("12345"):
        parser.error("--side takes some of the numbers 1 to 5, as in 12")
    return arguments


class Watch:
    """Says what has changed since it looked last."""

    def __init__(self, group, timeline):
        self._group = group
        self._timeline = timeline
        self._seen = {}

    def look(self):
        shown = self._group.show()
        routes = self._group.routes(timeout="500ms")
        for name in shown:
            answer, route = shown[name], routes[name]
            now = "does not answer"
            if answer is not None:
                view, peers = answer["view"], answer["peers"]
                now = view["state"]
                if view["state"] == "paused":
                    now += ": " + view["state_reason"]
                elif peers["missing"]:
                    now += ", misses " + ", ".join(peers["missing"])
                now += "; tells clients of " + (
                    "nothing" if route is None
                    else ", ".join(sorted(route)) or "no broker")
            if self._seen.get(name) != now:
                self._seen[name] = now
                self._timeline.say(name, now)

    def run(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.look()
            time.sleep(0.3)


def show(group, lab, arguments, timeline):
    far = "".join(sorted(set("12345") - set(arguments.side)))
    for each in group:
        each.start()
    for name in "13":
        start_broker(group.site, lab.machines[name], group.services)
    both = {"broker-1": "healthy", "broker-3": "healthy"}
    if wait_for(lambda: group.whole() and all(
            route == both for route in group.routes().values()), 30) is None:
        raise RuntimeError("the group did not come up\n" + group.transcript())
    watch = Watch(group, timeline)
    watch.look()
    timeline.set_zero(time.time())
    timeline.plain()
    timeline.say("network", f"CUT between {', '.join(arguments.side)} and "
                 + ", ".join(far))
    group.split(arguments.side, far)
    watch.run(arguments.seconds)
    timeline.plain("\n" + group.tell("cluster", "show"))
    timeline.say("network", "is whole again")
    group.heal()
    healed = time.monotonic()
    whole = wait_for(lambda: watch.look() or group.whole(), 40)
    # What the restart of a loser may change is seen as well.
    watch.run(3)
    timeline.plain("\n" + group.tell("cluster", "partitions"))
    if whole is None:
        timeline.plain("FAILED: not whole again after "
                       f"{time.monotonic() - healed:.0f} s")
        return 1
    timeline.plain(f"Whole again {whole:.1f} s after the cut was mended; "
                   "nobody was restarted by hand.")
    return 0


def main():
    arguments = parse_arguments()
    if not sandbox.inside():
        refusal = sandbox.refusal()
        if refusal:
            print(refusal, file=sys.stderr)
            return 1
        return sandbox.run_inside()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(1))
    timeline = Timeline(sys.stdout)
    directory = tempfile.mkdtemp(prefix="waypost-partition-")
    lab = NamespaceLab("12345")
    try:
        site = Site(os.path.abspath(arguments.bin), directory, "fast")
        group = Group(site, lab, ["--cluster.partition-handling",
                                  arguments.mode]
                      + SETTINGS.get(arguments.mode, []))
        return show(group, lab, arguments, timeline)
    except RuntimeError as error:
        timeline.plain(f"FAILED: {error}")
        return 1
    finally:
        lab.close()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())

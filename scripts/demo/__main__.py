"""Shows that a hung machine is survived; see scripts/demo.sh --help."""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time

import report
import sandbox
from experiment import BROKERS, Experiment
from machines import LoopbackLab, NamespaceLab
from services import (Site, nameserver_of, read_lines, route_at,
                      start_broker, start_nameserver, wait_for)
from timeline import Timeline

# Per profile: seconds of hang for our run, seconds to become whole after it, and
# the RPC budget that base/profile.cc gives.
TIMES = {
    "fast": {"hang": 15, "wake": 30, "rpc": 1},
    # The hang outlasts expiry, one scan and one poll: 120 s + 10 s (5 s) + 33 s.
    "rocketmq-5": {"hang": 165, "wake": 90, "rpc": 3},
    # Its fault table avoids a broker for 600 s after a failure.
    "rocketmq-4": {"hang": 170, "wake": 500, "rpc": 3},
}
INCIDENT_HANG = 60
# As the stock client had it: the flag off, nobody avoided, and the whole budget
# given to the first attempt, which leaves its retries none.
INCIDENT_OPTIONS = ["--client.close-on-timeout", "off",
                    "--client.fault-policy", "off",
                    "--client.send-attempts", "1"]


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/demo.sh",
        description="Three machines; one of them, with a nameserver and a "
        "broker on it, hangs under the eyes of a producer and a consumer. Then "
        "it wakes up. Twice: as Waypost does it, and as it once happened.",
        epilog="Exit status: 0 when our run lost no message, left the hung "
        "nameserver within its RPC budget and all was whole again; 1 when not; "
        "2 for wrong arguments.")
    parser.add_argument("--profile", choices=sorted(TIMES), default="fast",
                        help="timing defaults of all programs (default fast: "
                        "about two minutes; rocketmq-4: eleven minutes)")
    parser.add_argument("--loopback", action="store_true",
                        help="use loopback addresses even where network "
                        "namespaces are allowed")
    parser.add_argument("--ours-only", action="store_true",
                        help="leave the incident as it happened out")
    parser.add_argument("--keep", metavar="DIR",
                        help="keep configuration and logs in this directory")
    parser.add_argument("--bin", default="build/release/bin",
                        help=argparse.SUPPRESS)
    return parser.parse_args()


def make_lab(refusal, timeline):
    if sandbox.inside():
        return NamespaceLab()
    timeline.plain("NOTICE: the machines are loopback addresses, and a hang is "
                   f"SIGSTOP only: {refusal}")
    return LoopbackLab()


def shared_host_warnings(log):
    """What an agent says about a nameserver on its machine."""
    warnings = [line.split(" WARN ", 1)[1].split(None, 1)[1]
                for line in read_lines(log) if " WARN " in line]
    return [text for text in warnings if "nameserver runs on" in text]


def start_services(site, machines, timeline):
    nameservers = [nameserver_of(machines[name]) for name in "AB"]
    timeline.set_names({nameserver_of(machines[name]): "nameserver " + name
                        for name in "AB"})
    for name in "AB":
        start_nameserver(site, machines[name])
    for name in "AB":
        start_broker(site, machines[name], nameservers)
        timeline.say("machine " + name, f"{machines[name].address}: a "
                     "nameserver, a mosquitto, its agent")
    timeline.say("machine C", f"{machines['C'].address}: the producer, the "
                 "consumer, an operator")
    complete = wait_for(
        lambda: all(route_at(site, machines["C"], each) == BROKERS
                    for each in nameservers), 20)
    if complete is None:
        raise RuntimeError("the brokers did not register; see the logs")
    timeline.say("demo", "both nameservers know both brokers after "
                 f"{complete:.1f} s")
    for name in "AB":
        log = site.path(f"agent-{name}.log")
        if wait_for(lambda: bool(shared_host_warnings(log)), 10) is None:
            timeline.say("agent " + name,
                         "does NOT warn of the nameserver on its machine")
        for warning in shared_host_warnings(log):
            timeline.say("agent " + name, "warns: " + warning)


def show(site, lab, arguments, timeline):
    times = TIMES[arguments.profile]
    machines = lab.machines
    timeline.plain("\n== The machines\n")
    start_services(site, machines, timeline)
    experiment = Experiment(site, machines, timeline)
    timeline.plain(f"\n== Waypost, profile {arguments.profile}\n")
    ours = experiment.run("ours", [], healthy=6, hang=times["hang"],
                          wake_budget=times["wake"])
    titles, outcomes = ["Waypost"], [ours]
    if not arguments.ours_only:
        timeline.plain("\n== The incident as it happened: close-on-timeout off, "
                       "fault avoidance off,\n== the whole budget for the first "
                       "attempt, as the stock client has it\n")
        outcomes.append(experiment.run("incident", INCIDENT_OPTIONS, healthy=6,
                                       hang=INCIDENT_HANG,
                                       wake_budget=times["wake"]))
        titles.append("as it happened")
    timeline.plain("\n== What it came to\n")
    timeline.plain(report.table(titles, outcomes))
    timeline.plain("\n" + report.ORIGIN + "\n")
    missed = report.verdict(ours, nameserver_of(machines["A"]), times["rpc"])
    for each in missed:
        timeline.plain("FAILED: " + each)
    if not missed:
        timeline.plain("No message was lost, the hung nameserver was left within "
                       "the RPC budget,\nand all was whole again without a "
                       "restart.")
    return 1 if missed else 0


def print_logs(site, timeline):
    for name in sorted(os.listdir(site.directory)):
        if not name.endswith(".log"):
            continue
        timeline.plain(f"-- {name}")
        for line in read_lines(site.path(name))[-15:]:
            timeline.plain("   " + line)


def main():
    arguments = parse_arguments()
    refusal = "asked for" if arguments.loopback else None
    if not refusal and not sandbox.inside():
        refusal = sandbox.refusal()
        if not refusal:
            return sandbox.run_inside()
    signals = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)

    def stop(*_):
        # Runs the clean-up below as any other end does; once is enough.
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        sys.exit(1)

    for number in signals:
        signal.signal(number, stop)
    timeline = Timeline(sys.stdout)
    directory = arguments.keep or tempfile.mkdtemp(prefix="waypost-demo-")
    os.makedirs(directory, exist_ok=True)
    for name in os.listdir(directory):  # of a kept earlier demo
        if name.endswith((".log", ".events")):
            os.remove(os.path.join(directory, name))
    site = Site(os.path.abspath(arguments.bin), os.path.abspath(directory),
                arguments.profile)
    started = time.monotonic()
    lab = make_lab(refusal, timeline)
    try:
        status = show(site, lab, arguments, timeline)
        timeline.plain(f"\nTook {time.monotonic() - started:.0f} s.")
        return status
    except RuntimeError as error:
        timeline.plain(f"FAILED: {error}")
        print_logs(site, timeline)
        return 1
    finally:
        lab.close()
        if not arguments.keep:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())

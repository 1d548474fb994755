"""One run: traffic, a machine that hangs, the machine's return."""

import time

from services import nameserver_of, route_at, wait_for
from traffic import Traffic, seconds_in
from watch import RouteWatch

HUNG_BROKER = "broker-a"
BROKERS = {"broker-a": "healthy", "broker-b": "healthy"}
# The producer's own word for a route in which nobody is in doubt.
WHOLE_ROUTE = {"broker-a", "broker-b"}


class Outcome:
    """What the table shows of one run. Times are seconds after the hang; None
    stands for "did not happen before the machine woke up"."""

    attempted = acknowledged = lost = duplicated = received = 0
    longest_gap = 0.0
    last_loss = None
    left_nameserver = None
    question = None     # how long the unanswered question was waited for
    left_from = None    # which nameserver was left
    avoided = None
    suspect = None
    dropped = None
    followed = None
    hang_seconds = 0.0
    packets_dropped = None
    whole_after = None  # seconds after the wake-up
    missing_parts = ()  # what was not whole in the end
    undelivered = 0     # acknowledged but never received


def longest_gap(times, begin, end):
    """The longest time without any of `times` between `begin` and `end`."""
    inside = sorted(t for t in times if begin <= t <= end)
    marks = [begin] + inside + [end]
    return max(b - a for a, b in zip(marks, marks[1:]))


class Experiment:
    """The services run already; `machines` are A, B and C by name."""

    def __init__(self, site, machines, timeline):
        self._site = site
        self._machines = machines
        self._timeline = timeline
        self._nameservers = [nameserver_of(machines["A"]),
                             nameserver_of(machines["B"])]

    def run(self, name, options, healthy, hang, wake_budget):
        timeline = self._timeline
        machine = self._machines["A"]
        timeline.set_zero(None)
        running = self._running()
        watch = RouteWatch(self._site, self._machines["C"],
                           self._nameservers[1], "nameserver B", timeline)
        traffic = Traffic(self._site, self._machines["C"], self._nameservers,
                          name, timeline)
        outcome = Outcome()
        try:
            self._settle(traffic, options, healthy)
            hung_at = time.time()
            timeline.set_zero(hung_at)
            machine.hang()
            timeline.say("machine A", "HANGS: " + machine.lab.hang_text)
            time.sleep(hang)
            outcome.packets_dropped = machine.lab.dropped()
            woken_at = time.time()
            machine.wake()
            timeline.say("machine A", "wakes up")
            self._recover(outcome, traffic, watch, running, woken_at,
                          wake_budget)
            self._finish(traffic)
        finally:
            watch.stop()
            traffic.stop()
            traffic.stop()
        self._judge(outcome, traffic.record, watch, hung_at, woken_at)
        return outcome

    def _running(self):
        return {pid for machine in self._machines.values()
                for pid in machine.alive()}

    def _settle(self, traffic, options, healthy):
        record = traffic.record
        traffic.start_consumer()
        if wait_for(lambda: record.subscribed >= set(BROKERS), 15) is None:
            raise RuntimeError("the consumer did not subscribe; see the logs")
        traffic.start_producer(options)
        if wait_for(lambda: set(record.last_ack) >= set(BROKERS), 15) is None:
            raise RuntimeError("no traffic over both brokers; see the logs")
        if record.nameserver != self._nameservers[0]:
            raise RuntimeError("the producer did not start on nameserver A")
        self._timeline.say("demo", f"healthy for {healthy:.0f} s: messages are "
                                   "acknowledged by both brokers")
        time.sleep(healthy)

    def _recover(self, outcome, traffic, watch, running, woken_at, budget):
        """Waits until all is as before, and notes what is not."""
        record = traffic.record
        machine_c = self._machines["C"]

        def missing():
            parts = []
            if not running <= self._running():
                parts.append("a process has ended")
            if watch.route != BROKERS:
                parts.append("both brokers healthy at nameserver B")
            if not parts and route_at(self._site, machine_c,
                                      self._nameservers[0]) != BROKERS:
                parts.append("both brokers healthy at nameserver A")
            if set(record.routes[-1][1].split()) != WHOLE_ROUTE:
                parts.append("both brokers in the producer's route")
            if record.last_ack.get(HUNG_BROKER, 0) < woken_at:
                parts.append("acknowledgements by " + HUNG_BROKER)
            if not record.subscribed >= set(BROKERS):
                parts.append("the consumer at both brokers")
            return parts

        patience = min(15, budget)
        outcome.whole_after = wait_for(lambda: not missing(), patience, 0.2)
        if outcome.whole_after is None and patience < budget:
            self._timeline.say("demo", f"waits up to {budget:.0f} s for "
                               + ", ".join(missing()))
            if wait_for(lambda: not missing(), budget - patience, 0.2):
                outcome.whole_after = time.time() - woken_at
        if outcome.whole_after is None:
            outcome.missing_parts = tuple(missing())
            self._timeline.say("demo", "not whole again: "
                               + ", ".join(outcome.missing_parts))
        else:
            self._timeline.say("demo", "whole again, nothing was restarted")

    @staticmethod
    def _finish(traffic):
        record = traffic.record
        time.sleep(1)
        traffic.stop()  # the producer
        wait_for(lambda: record.received >= set(record.acked), 10)

    @staticmethod
    def _judge(outcome, record, watch, hung_at, woken_at):
        def after(when):
            if when is None or not hung_at <= when < woken_at:
                return None
            return when - hung_at

        outcome.hang_seconds = woken_at - hung_at
        outcome.attempted = len(record.sent)
        outcome.acknowledged = len(record.acked)
        outcome.lost = outcome.attempted - outcome.acknowledged
        outcome.duplicated = record.duplicates
        outcome.received = len(record.received)
        outcome.undelivered = len(set(record.acked) - record.received)
        outcome.longest_gap = longest_gap(
            [when for when, _, _ in record.acked.values()],
            min(record.sent.values()), max(record.sent.values()))
        if record.failed:
            outcome.last_loss = max(record.failed.values()) - hung_at
        for when, left, _, why in record.switches:
            if after(when) is not None:
                outcome.left_nameserver = after(when)
                outcome.left_from = left
                outcome.question = seconds_in(why)
                break
        outcome.avoided = after(next(
            (when for when, broker in record.avoided
             if when >= hung_at and broker == HUNG_BROKER), None))
        outcome.suspect = after(watch.first(
            lambda route: route.get(HUNG_BROKER) == "suspect", hung_at))
        outcome.dropped = after(watch.first(
            lambda route: HUNG_BROKER not in route, hung_at))
        outcome.followed = after(next(
            (when for when, brokers in record.routes
             if when >= hung_at and HUNG_BROKER not in brokers), None))

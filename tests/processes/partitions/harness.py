"""Five machines, each with a nameserver, and one beside them that all of them
reach; brokers and clients that run all the time. What the tests of partitions
stand on.

usage: SUBJECT_test.py BUILD_DIRECTORY [unittest's arguments]
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "..", "..", "scripts", "demo"))

import sandbox  # noqa: E402
from group import CLUSTER_PORT, Group  # noqa: E402
from machines import NamespaceLab  # noqa: E402
from services import (SERVICE_PORT, TOPIC, Site, read_lines,  # noqa: E402
                      start_broker, wait_for)

SKIPPED = 77  # for ctest
PATIENCE = 60  # seconds, for what takes a few on an idle machine
# Nobody is without an answer for longer while somebody reachable serves: two
# questions of the profile "fast", which have a second each to try everybody,
# and what a loaded machine adds; for how long all of it stood still comes on
# top (Stalls).
GAP = 4
# A machine that no cut concerns, with a broker and clients of its own.
BESIDE = "6"
# One with nothing on it but, where it is asked for, an etcd.
ETCD = "7"


class Stalls:
    """When this machine had no time for us, as somebody finds who wants little
    of it often."""

    PERIOD = 0.05  # seconds

    def __init__(self):
        self._found = []  # (when it ended, how long it was)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self):
        while not self._over.is_set():
            begun = time.monotonic()
            time.sleep(self.PERIOD)
            lost = time.monotonic() - begun - self.PERIOD
            if lost > self.PERIOD:
                self._found.append((time.time(), lost))

    def between(self, since, until):
        """Seconds lost then."""
        return sum(lost for ended, lost in list(self._found)
                   if ended >= since and ended - lost <= until)

    def stop(self):
        self._over.set()
        self._thread.join()


class Client:
    """An application on a machine; what its questions came to, with times."""

    def __init__(self, world, machine, first=None):
        self.name = f"client-{machine.name}"
        self.asked = []   # {"time", "ok", "nameserver", "brokers", "why", ...}
        self.events = []  # all else
        site, services = world.site, world.group.services
        command = [site.program("waypost-test-route-recorder"),
                   "--client.nameservers", ",".join(services),
                   "--profile", site.profile, "--topic", TOPIC,
                   "--client.name", self.name]
        if first is not None:
            command += ["--client.start-nameserver", first.service]
        self._process = machine.start(
            command, site.path(self.name + ".log"), stdout=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            event = json.loads(line)
            (self.asked if event["event"] == "asked"
             else self.events).append(event)

    def answered(self, since):
        """The questions that were answered from then on."""
        return [each for each in self.asked
                if each["ok"] and each["time"] >= since]

    def longest_gap(self, since, until):
        """The longest time without an answer."""
        times = [each["time"] for each in self.answered(since)
                 if each["time"] <= until]
        marks = [since] + times + [until]
        return max(b - a for a, b in zip(marks, marks[1:]))

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()


class World:
    """A group of nameservers; broker-1, broker-3 and broker-6 on the machines
    of that number; clients on machines 1, 4 and 6. All started, and whole."""

    def __init__(self, lab, options, count=5, before=None):
        self.lab = lab
        self.directory = tempfile.mkdtemp(prefix="waypost-partitions-")
        self.site = Site(os.path.join(BUILD, "bin"), self.directory, "fast")
        lease = self.site.path("lease")
        self.group = Group(
            self.site, lab,
            [lease if each == "LEASE" else each for each in options], count)
        self.clients = {}
        self.brokers = {}
        self.stalls = Stalls()
        if before is not None:
            before(self.group)
        for each in self.group:
            if each.process is None:
                each.start()
        for machine in ("1", "3", BESIDE):
            self.add_broker(machine)
        for machine, first in (("1", "ns1"), ("4", "ns4"), (BESIDE, "ns1")):
            if first in self.group.nameservers:
                self.add_client(machine, first)

    def add_broker(self, machine):
        self.brokers[machine] = start_broker(
            self.site, self.lab.machines[machine], self.group.services)

    def add_client(self, machine, first):
        self.clients[machine] = Client(self, self.lab.machines[machine],
                                       self.group[first])

    def add_watchers(self, machine, first, count):
        """Clients that this nameserver alone has."""
        for number in range(count):
            self.lab.machines[machine].start(
                [self.site.program("waypost-watch"), TOPIC,
                 "client.nameservers=" + self.group[first].service],
                self.site.path(f"watch-{number}.log"))

    def all_brokers(self):
        return {"broker-" + name: "healthy" for name in self.brokers}

    def is_whole(self):
        routes = self.group.routes()
        return (all(route == self.all_brokers() for route in routes.values())
                and self.group.whole())

    def transcript(self, lines=12):
        """What nameservers, brokers, agents and clients said last."""
        text = [self.group.transcript()]
        for name in sorted(os.listdir(self.directory)):
            if re.match(r"(broker|agent|watch|client)-.*\.log$|etcd.log$", name):
                text.append("-- " + name)
                text += read_lines(self.site.path(name))[-lines:]
        for client in self.clients.values():
            text.append(f"-- {client.name}")
            text += [str(each) for each in client.asked[-8:]]
            text += [str(each) for each in client.events[-12:]]
        return "\n".join(text)

    def close(self):
        self.stalls.stop()
        for client in self.clients.values():
            client.stop()
        for machine in self.lab.machines.values():
            for process in machine.processes():
                # One that is frozen would not hear anything else.
                process.kill()
                process.wait()
            machine.forget()
        self.lab.sever([])
        shutil.rmtree(self.directory, ignore_errors=True)


class PartitionTest(unittest.TestCase):
    """A test makes its world with `make`."""

    maxDiff = None
    lab = None    # one for all tests of a run
    world = None

    def make(self, *options, count=5, before=None):
        world = self.world = World(self.lab, options, count, before)
        self.addCleanup(world.close)
        self.until(world.is_whole, "the group comes up whole")
        # Who came up a moment ago does not count yet in downing; that all know
        # of all shows nowhere but in what they decide.
        self.hold(world.group.whole, 1, "the group stays whole")
        for client in world.clients.values():
            self.until(lambda client=client: client.answered(0),
                       client.name + " has a first answer")
        return world.group

    # --- Waiting, and telling what was there instead ---

    def until(self, condition, what, timeout=PATIENCE):
        """Waits for it; how long that took."""
        took = wait_for(lambda: self._holds(condition), timeout)
        if took is None:
            self.give_up(f"did not happen within {timeout} s: {what}")
        return took

    @staticmethod
    def _holds(condition):
        try:
            return condition()
        except TypeError as error:
            # Of somebody who has not answered (None): not yet.
            if "NoneType" in str(error):
                return False
            raise

    def give_up(self, why):
        self.fail(why + "\n" + self.world.transcript())

    def require(self, condition, why):
        if not condition:
            self.give_up(why)

    def hold(self, condition, seconds, what):
        """It is so, and stays so for a while."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.require(condition(), "was not so all the time: " + what)
            time.sleep(0.1)

    def until_states(self, wanted, timeout=PATIENCE):
        """Waits until the states are {"ns1 ns2": "paused", ...}."""
        each = {name: state for names, state in wanted.items()
                for name in names.split()}

        def reached():
            states = self.world.group.states()
            return all(states[name] == state for name, state in each.items())

        return self.until(reached, f"states {each}", timeout)

    # --- What docs/partitions.md promises, again and again ---

    def check_paused(self, names, reason):
        """They say why, their service port is closed, their cluster port is
        not, and they have not been restarted."""
        group = self.world.group
        for name in names.split():
            self.until(lambda name=name: re.search(
                reason, group.reasons()[name] or ""),
                f"{name} says why: {reason!r} in {group.reasons()[name]!r}")
            # It says so first and closes then.
            self.until(lambda name=name: not group[name].listens(SERVICE_PORT),
                       f"the service port of {name} is closed")
            self.require(group[name].listens(CLUSTER_PORT),
                         f"the cluster port of {name} is open")
            self.require(group[name].process.poll() is None,
                         f"the process of {name} goes on")

    def check_never_paused(self, names):
        self._check_never_said(names, 'action="paused')
        self.check_never_set_down(names)

    def check_never_set_down(self, names):
        self._check_never_said(names, 'action="set to down')

    def _check_never_said(self, names, words):
        for name in names.split():
            said = [line for line in self.world.group[name].log()
                    if words in line]
            self.require(not said, f"{name} never said {words}: {said}")

    def check_client(self, machine, since, servers, until=None):
        """It always had an answer soon, in the end from one of these; and
        whatever happened, it knew a route with the broker that all reach."""
        client = self.world.clients[machine]
        group = self.world.group
        addresses = {group[name].service for name in servers.split()}
        if until is None:
            self.until(lambda: any(
                each["nameserver"] in addresses
                for each in client.asked[-1:] if each["ok"]),
                f"{client.name} is answered by one of {servers}")
            until = time.time()
        gap = client.longest_gap(since, until)
        stalls = self.world.stalls.between(since, until)
        self.require(gap < GAP + stalls,
                     f"{client.name} was without an answer for {gap:.1f} s; "
                     f"the machine stood still for {stalls:.1f} s")
        self.check_beside_is_known(machine, since)

    def check_beside_is_known(self, machine, since):
        client = self.world.clients[machine]
        broker = "broker-" + BESIDE
        without = [each for each in client.asked if each["time"] >= since
                   and broker not in each["brokers"].split()]
        self.require(not without, f"{client.name} always knew {broker}: "
                                  f"{without[:3]}")

    def check_recorded(self, names, kinds, peers, *actions):
        """Each of them has records of these kinds, over by now, that are about
        these peers, with these words among what was done. One or two: when a
        cut heals, a connection from before it may yet tell what was queued in
        it and end, which is a loss of its own."""
        def recorded(kept):
            found = [each for each in kept if each["kind"] in kinds.split()
                     and (not peers
                          or set(each["peers"]) & set(peers.split()))
                     and each["until_ms"] is not None]
            about = {peer for each in found for peer in each["peers"]}
            done = [action for each in found for action in each["actions"]]
            return (set(peers.split()) <= about
                    and all(any(word in action for action in done)
                            for word in actions))

        for name in names.split():
            self.until(lambda name=name: recorded(
                self.world.group.partitions()[name]),
                f"{name} has records of {kinds} with {peers} and {actions}")

    def heals(self):
        """The network is whole again, and soon all is."""
        self.world.group.heal()
        return self.until(self.world.is_whole, "all is whole again")


def main():
    if sandbox.inside():
        # Whoever tells us to stop: the clean-up is ours.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        PartitionTest.lab = NamespaceLab("123456" + ETCD)
        try:
            unittest.main(verbosity=2)
        finally:
            PartitionTest.lab.close()
    refusal = sandbox.refusal()
    if refusal:
        print("NOTICE: skipped, " + refusal)
        sys.exit(SKIPPED)
    sys.exit(sandbox.run_inside())


if len(sys.argv) < 2:
    sys.exit(__doc__)
BUILD = os.path.abspath(sys.argv[1])
if sandbox.inside():
    sys.argv.pop(1)

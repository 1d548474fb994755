"""Nameservers that know each other, each on a machine of its own, as an operator
starts, hurts and asks them."""

import json
import os
import signal
import socket
import subprocess
import time

from services import SERVICE_PORT, TOPIC, read_lines, wait_for

CLUSTER_PORT = 9877
# Short enough to watch, long enough for a loaded machine.
TIMING = ["--cluster.heartbeat-interval", "200ms",
          "--cluster.unreachable-after", "1500ms",
          "--cluster.stable-after", "2s",
          "--cluster.join-max-wait", "1500ms"]


class Nameserver:
    """One of them; its data directory outlives its processes."""

    def __init__(self, group, name, machine, peers=None):
        self.group = group
        self.name = name
        self.machine = machine
        self.peers = peers  # None: all of the group
        self.process = None
        self.frozen = False

    @property
    def service(self):
        return f"{self.machine.address}:{SERVICE_PORT}"

    @property
    def cluster(self):
        return f"{self.machine.address}:{CLUSTER_PORT}"

    def start(self, more=()):
        group = self.group
        data = group.site.path(f"{self.name}-on-{self.machine.name}")
        os.makedirs(data, exist_ok=True)
        self.process = self.machine.start(
            [group.site.program("waypost-namesrv"), "--name", self.name,
             "--listen", self.service, "--cluster-listen", self.cluster,
             "--peers", ",".join(self.peers or group.peers),
             "--data-dir", data,
             "--cluster.secret-file", group.secret, "--io.threads", "1",
             "--profile", group.site.profile] + TIMING + group.options
            + list(more), self.log_path)
        self.frozen = False

    def runs(self):
        """Whether an answer may be expected of it."""
        return (self.process is not None and self.process.poll() is None
                and not self.frozen and not self.machine.hung)

    @property
    def log_path(self):
        return self.group.site.path(self.name + ".log")

    def log(self):
        return read_lines(self.log_path)

    def freeze(self):
        self.frozen = True
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)
        self.frozen = False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def listens(self, port):
        """Whether somebody accepts connections there."""
        try:
            with socket.create_connection((self.machine.address, port), 20):
                return True
        except ConnectionRefusedError:
            return False


class Group:
    """Made by an operator who reaches all machines, whatever is cut."""

    def __init__(self, site, lab, options=(), count=5):
        self.site = site
        self.lab = lab
        self.options = list(options)
        self.secret = site.path("secret")
        with open(self.secret, "w", encoding="utf-8") as file:
            file.write("not much of a secret")
        self.nameservers = {}
        for number in range(1, count + 1):
            name = f"ns{number}"
            self.nameservers[name] = Nameserver(self, name,
                                                lab.machines[str(number)])
        self.peers = self.clusters

    def __iter__(self):
        return iter(self.nameservers.values())

    def __getitem__(self, name):
        return self.nameservers[name]

    def add(self, name, machine, peers):
        """One more, which knows these peers; or one of that name in place of
        the present one, on another machine. To be started."""
        self.nameservers[name] = Nameserver(self, name,
                                            self.lab.machines[machine], peers)
        return self.nameservers[name]

    @property
    def services(self):
        return [each.service for each in self]

    @property
    def clusters(self):
        return [each.cluster for each in self]

    # --- What happens to it ---

    def split(self, *sides):
        """Nothing passes between machines of different sides, given as their
        numbers: split("12", "345")."""
        self.lab.sever([(one, other) for side in sides for one in side
                        for far in sides if far is not side for other in far])

    def heal(self):
        self.lab.sever([])

    # --- What an operator sees ---

    def _ask(self, option, addresses, words, timeout):
        """Each one's answer by name; None where there was none. Those that run
        are waited for: that the machine has other things to do says nothing
        about them. The others are not asked."""
        if not addresses:
            return {each.name: None for each in self}
        result = subprocess.run(
            [self.site.program("waypostctl"), "--all", "-o", "json",
             "--timeout", timeout, option, ",".join(addresses)] + words,
            check=False, stdin=subprocess.DEVNULL, capture_output=True,
            text=True)
        try:
            answers = json.loads(result.stdout)["answers"]
        except ValueError:
            return {each.name: None for each in self}
        by_address = {answer["nameserver"]: answer for answer in answers}
        found = {}
        for each in self:
            answer = (by_address.get(each.service)
                      or by_address.get(each.cluster))
            found[each.name] = answer if answer and answer["ok"] else None
        return found

    def at_cluster_ports(self, *words, timeout="10s"):
        return self._ask(
            "--cluster-ports", [each.cluster for each in self if each.runs()],
            ["--cluster.secret-file", self.secret, *words], timeout)

    def at_service_ports(self, *words, timeout="10s"):
        return self._ask(
            "--nameservers", [each.service for each in self if each.runs()],
            list(words), timeout)

    def show(self):
        return self.at_cluster_ports("cluster", "show")

    def states(self):
        """What each says that it is doing: {"ns1": "serving"}."""
        return {name: answer and answer["view"]["state"]
                for name, answer in self.show().items()}

    def reasons(self):
        return {name: answer and answer["view"]["state_reason"]
                for name, answer in self.show().items()}

    def partitions(self):
        return {name: answer and answer["partitions"] for name, answer
                in self.at_cluster_ports("cluster", "partitions").items()}

    def routes(self, timeout="10s"):
        """The topic's brokers as each tells clients, {name: {broker: health}},
        or None where it does not."""
        found = {}
        for name, answer in self.at_service_ports(
                "topic", "route", TOPIC, timeout=timeout).items():
            found[name] = answer and {
                group["broker_name"]: broker["health"]
                for group in answer["route"]["groups"]
                for broker in group["brokers"]}
        return found

    def whole(self):
        """Everybody serves, sees everybody, and holds the same as all."""
        shown = self.show()
        for answer in shown.values():
            if answer is None or answer["view"]["state"] != "serving":
                return False
            for member in answer["peers"]["members"]:
                if (member["reach"] != "reachable" or member["down"]
                        or member["status"] != "up"
                        or member["diverges_for_ms"] is not None):
                    return False
            if answer["peers"]["open_partitions"]:
                return False
        digests = {answer and answer["route"]["digest"] for answer
                   in self.at_service_ports("topic", "route", TOPIC).values()}
        return len(digests) == 1 and None not in digests

    def wait_until_whole(self, timeout=30):
        """The seconds that it took; None: it did not happen."""
        return wait_for(self.whole, timeout)

    def tell(self, *words, timeout="10s"):
        """What waypostctl prints for people."""
        result = subprocess.run(
            [self.site.program("waypostctl"), "--all", "--cluster-ports",
             ",".join(self.clusters), "--cluster.secret-file", self.secret,
             "--timeout", timeout, *words], check=False,
            stdin=subprocess.DEVNULL, capture_output=True, text=True)
        return result.stdout + result.stderr

    def transcript(self, lines=40):
        """What they show and said last, for failures."""
        text = [self.tell("cluster", what, timeout="2s")
                for what in ("show", "partitions")]
        for each in self:
            text.append(f"-- {each.name}")
            text += each.log()[-lines:]
        text.append(time.strftime("-- at %H:%M:%S"))
        return "\n".join(text)

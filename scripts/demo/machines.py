"""Machines to break: network namespaces, or loopback addresses.

A machine runs processes, hangs (they stop and its link drops everything, with
no FIN or RST sent) and wakes up again.
"""

import os
import re
import signal
import subprocess

# Whatever becomes of us, what we started does not outlive us.
_DIE_WITH_PARENT = ["setpriv", "--pdeathsig", "KILL", "--"]


class Machine:
    """One machine: a name, an address, and the processes that run on it."""

    def __init__(self, lab, name, address):
        self.lab = lab
        self.name = name
        self.address = address
        self.hung = False
        self._processes = []

    def start(self, command, log, stdout=None):
        """Starts a process whose errors (and output, unless `stdout` says
        otherwise) go to the file `log`."""
        with open(log, "ab") as file:
            process = subprocess.Popen(
                self.lab.command_on(self, command), stdin=subprocess.DEVNULL,
                stdout=file if stdout is None else stdout, stderr=file)
        process.title = os.path.basename(command[0])
        self._processes.append(process)
        return process

    def run(self, command, timeout):
        """Runs a short command; its output, or None when it failed."""
        try:
            result = subprocess.run(
                self.lab.command_on(self, command), check=False,
                stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=timeout)
        except subprocess.TimeoutExpired:
            return None
        return result.stdout if result.returncode == 0 else None

    def alive(self):
        """The running processes: {pid: name}."""
        return {p.pid: p.title for p in self._processes if p.poll() is None}

    def processes(self):
        """Those that have been started, whether they still run or not."""
        return list(self._processes)

    def forget(self):
        """They have ended; others may be started."""
        self._processes = []

    def hang(self):
        self.hung = True
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGSTOP)
        self.lab.cut(self)

    def wake(self):
        self.lab.mend(self)
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
        self.hung = False

    def stop(self):
        """Ends all processes, politely first."""
        if self.hung:
            self.wake()
        for process in reversed(self._processes):
            if process.poll() is None:
                process.terminate()
        for process in reversed(self._processes):
            try:
                process.wait(timeout=3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes = []


class LoopbackLab:
    """Machines that are loopback addresses: hanging is SIGSTOP only, and the
    kernel still acknowledges what it receives for a stopped process."""

    hang_text = "SIGSTOP to all its processes"

    def __init__(self):
        self.machines = {name: Machine(self, name, f"127.0.1.{number}")
                         for number, name in enumerate("ABC", 1)}

    def command_on(self, machine, command):
        del machine
        return _DIE_WITH_PARENT + command

    def cut(self, machine):
        pass

    def mend(self, machine):
        pass

    def dropped(self):
        return None

    def close(self):
        for machine in self.machines.values():
            machine.stop()


class NamespaceLab:
    """Machines that are network namespaces, joined by a bridge in ours.

    To be used in namespaces of our own (see sandbox.py): they end with us, and
    everything in them too. A machine's namespace is held by a process, so no
    name of it is left anywhere.
    """

    notice = None
    hang_text = "SIGSTOP to all its processes, its link drops everything"
    _BRIDGE = "switch"

    # Of whoever makes the lab: a machine that no cut concerns.
    ADDRESS = "10.77.0.254"

    def __init__(self, names="ABC"):
        self._holders = {}
        self.machines = {}
        self._ip(["link", "set", "lo", "up"])
        self._ip(["link", "add", self._BRIDGE, "type", "bridge"])
        self._ip(["addr", "add", self.ADDRESS + "/24", "dev", self._BRIDGE])
        self._ip(["link", "set", self._BRIDGE, "up"])
        for number, name in enumerate(names, 1):
            self._add(name, f"10.77.0.{number}")

    def _ip(self, arguments, machine=None):
        command = ["ip"] + arguments
        if machine is not None:
            command = self._enter(machine) + command
        subprocess.run(command, check=True, capture_output=True, text=True)

    def _enter(self, name):
        return ["nsenter", f"--net=/proc/{self._holders[name].pid}/ns/net",
                "--"]

    def _add(self, name, address):
        # It says so once it is in its namespace.
        holder = subprocess.Popen(
            _DIE_WITH_PARENT + ["unshare", "--net", "sh", "-c",
                                "echo ready; exec sleep infinity"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self._holders[name] = holder
        if holder.stdout.readline() != "ready\n":
            raise OSError("no network namespace for machine " + name)
        port = self._port(name)
        self._ip(["link", "add", port, "type", "veth", "peer", "name", "eth0",
                  "netns", str(holder.pid)])
        self._ip(["link", "set", port, "master", self._BRIDGE, "up"])
        self._ip(["link", "set", "lo", "up"], name)
        self._ip(["addr", "add", address + "/24", "dev", "eth0"], name)
        self._ip(["link", "set", "eth0", "up"], name)
        self.machines[name] = Machine(self, name, address)

    @staticmethod
    def _port(name):
        return "port-" + name.lower()

    def command_on(self, machine, command):
        return _DIE_WITH_PARENT + self._enter(machine.name) + command

    def cut(self, machine):
        """The switch drops whatever comes from or goes to the machine."""
        port = self._port(machine.name)
        rules = (f'table bridge hang {{ chain cut {{ type filter hook forward '
                 f'priority 0; policy accept; '
                 f'iifname "{port}" counter drop; '
                 f'oifname "{port}" counter drop; }}; }}')
        subprocess.run(["nft", "-f", "-"], input=rules, check=True, text=True,
                       capture_output=True)

    def mend(self, machine):
        del machine
        subprocess.run(["nft", "delete", "table", "bridge", "hang"],
                       check=False, capture_output=True)

    def sever(self, pairs):
        """From now on the switch drops what goes from a machine to another,
        for each of these pairs of names, and nothing else."""
        rules = "".join(
            f'iifname "{self._port(one)}" oifname "{self._port(other)}" drop; '
            for one, other in pairs)
        # In one step, whether there were such rules or not.
        subprocess.run(
            ["nft", "-f", "-"], check=True, text=True, capture_output=True,
            input="table bridge severed {}; delete table bridge severed; "
                  "table bridge severed { chain cut { type filter hook "
                  f"forward priority 0; policy accept; {rules} }}; }}")

    def dropped(self):
        """Packets that the cut link has dropped, or None."""
        result = subprocess.run(["nft", "list", "table", "bridge", "hang"],
                                check=False, capture_output=True, text=True)
        counts = re.findall(r"packets (\d+)", result.stdout)
        return sum(map(int, counts)) if counts else None

    def close(self):
        for machine in self.machines.values():
            machine.stop()
        for holder in self._holders.values():
            holder.kill()
            holder.wait()

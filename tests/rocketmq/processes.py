"""Real processes around the RocketMQ tests: nameservers, stub brokers, the
client, each with its output kept and its end ensured."""

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))

# A busy machine takes its time; sanitizers get theirs from the build.
SCALE = int(os.environ.get("WAYPOST_TEST_TIME_FACTOR", "1"))
PATIENCE = max(60, 20 * SCALE)


_reserved = []  # sockets that keep ports from other tests


def free_address():
    """A TCP address at which nobody listens, no other test's process either,
    until this process ends: as unused_port() of tests/support/process.h, and
    with the same reservations."""
    while True:
        port = random.randrange(16384, 32768)
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind("\0waypost-test-port-%d" % port)
            with socket.socket() as sock:
                sock.bind(("127.0.0.1", port))
        except OSError:
            name.close()
            continue
        _reserved.append(name)
        return "127.0.0.1:%d" % port


def wait_until(what, condition, limit=PATIENCE):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("not within %.0f s: %s" % (limit, what))


class Process:
    """A child whose standard output is read line by line."""

    def __init__(self, arguments, cwd=None):
        self.arguments = arguments
        self.errors = tempfile.TemporaryFile()
        self.child = subprocess.Popen(
            arguments, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.errors, text=True, bufsize=1)
        self.lines = []
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.child.stdout:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.lines.append(None)
            self.changed.notify_all()

    def wait_for_line(self, matches, start=0, limit=PATIENCE):
        """The first line from `start` on that matches, and the place after."""
        end = time.monotonic() + limit
        at = start
        with self.changed:
            while True:
                while at < len(self.lines):
                    line = self.lines[at]
                    at += 1
                    if line is None:
                        raise AssertionError("ended: " + self.transcript())
                    if matches(line):
                        return line, at
                left = end - time.monotonic()
                if left <= 0 or not self.changed.wait(left):
                    raise AssertionError("no such line: " + self.transcript())

    def tell(self, line):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def signal(self, number):
        self.child.send_signal(number)

    def stop(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def kill(self):
        self.child.kill()
        self.child.wait()

    def terminate(self):
        """Ends it in its own way; its exit status."""
        self.child.terminate()
        return self.child.wait(PATIENCE)

    def transcript(self):
        # Not by seek() and read(): the child writes at the same offset.
        errors = os.pread(self.errors.fileno(),
                          os.fstat(self.errors.fileno()).st_size, 0)
        said = [line for line in self.lines if line is not None]
        return "\n".join(["$ " + " ".join(self.arguments)] + said
                         + [errors.decode(errors="replace")])

    def close(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGCONT)
            self.child.kill()
            self.child.wait()
        self.reader.join()
        self.child.stdin.close()
        self.child.stdout.close()
        self.errors.close()


class World(contextlib.ExitStack):
    """Everything that a test starts; ends it all."""

    def __init__(self, bin_directory):
        super().__init__()
        self.bin_directory = bin_directory
        self.directory = tempfile.mkdtemp(prefix="waypost-rocketmq-")
        self.callback(shutil.rmtree, self.directory, ignore_errors=True)
        self.processes = []

    def transcript(self):
        return "\n".join(each.transcript() for each in self.processes)

    def start(self, arguments, cwd=None):
        process = Process(arguments, cwd)
        self.processes.append(process)
        self.callback(process.close)
        return process

    def program(self, name):
        return os.path.join(self.bin_directory, name)

    def nameserver(self, more=(), listen="", data_dir=None):
        return Nameserver(self, more, listen, data_dir)

    def stub_nameserver(self, address):
        """What is swapped for Waypost."""
        process = self.start(
            [sys.executable, "-B", os.path.join(HERE, "stub_nameserver.py"),
             address])
        process.wait_for_line(lambda line: line.startswith("listening "))
        return process

    def stub_broker(self, nameservers, more=()):
        return StubBroker(self, nameservers, more)

    def run_ctl(self, nameservers, *words, status=0):
        """What waypostctl prints."""
        done = subprocess.run(
            [self.program("waypostctl"), "--nameservers",
             ",".join(nameservers), "--timeout", "20s", *words],
            capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode != status:
            raise AssertionError("%s ended with %d, not %d:\n%s%s" % (
                words, done.returncode, status, done.stdout, done.stderr))
        return done.stdout

    def ctl(self, nameservers, *words, status=0):
        """waypostctl's answers, from its JSON."""
        text = self.run_ctl(nameservers, "-o", "json", *words, status=status)
        return json.loads(text)["answers"]


class WorldTest(unittest.TestCase):
    """A test with a world of its own; tells what was said when it fails."""

    bin_directory = None  # to be set before anything runs

    def run(self, result=None):
        bad = len(result.failures) + len(result.errors)
        with World(self.bin_directory) as self.world:
            super().run(result)
            if len(result.failures) + len(result.errors) > bad:
                print(self.world.transcript(), file=sys.stderr)
        return result


class Nameserver:
    def __init__(self, world, more=(), listen="", data_dir=None):
        """`listen` empty: a port that stays its own; None: `more` says it."""
        self.world = world
        self.more = list(more)
        self.data_dir = data_dir or tempfile.mkdtemp(dir=world.directory)
        self.process = None
        self.start(free_address() if listen == "" else listen)

    def start(self, listen):
        file = os.path.join(self.data_dir, "address")
        if os.path.exists(file):
            os.remove(file)
        where = [] if listen is None else ["--listen", listen]
        self.process = self.world.start(
            [self.world.program("waypost-namesrv"), "--data-dir",
             self.data_dir] + where + self.more)
        wait_until("the nameserver listens: " + self.process.transcript(),
                   lambda: os.path.exists(file))
        with open(file, encoding="utf-8") as text:
            self.address = text.read().strip()

    def restart(self):
        """On the same address, after its process has ended."""
        self.start(self.address)


class StubBroker:
    def __init__(self, world, nameservers, more=()):
        self.process = world.start(
            [sys.executable, "-B", os.path.join(HERE, "stub_broker.py"),
             "--nameservers", ",".join(nameservers)] + list(more))
        line, _ = self.process.wait_for_line(
            lambda text: text.startswith("listening "))
        self.address = line.split()[1]
        for nameserver in nameservers:
            self.process.wait_for_line(
                lambda text, told="registered " + nameserver: text == told)

    def has_said(self, start):
        """Whether a line that begins so was read: it may take a moment after
        what it tells of was answered to others."""
        return any(line.startswith(start)
                   for line in list(self.process.lines) if line)

    def wait_for_sent(self, topic, queue, offset):
        """Until it tells of having this message."""
        told = "sent %s %d %d" % (topic, queue, offset)
        self.process.wait_for_line(lambda line: line == told)

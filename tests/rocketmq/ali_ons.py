"""npm's ali-ons, a RocketMQ client, for tests: installs and drives it."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys

from processes import HERE, PATIENCE

SKIPPED = 77

_modules = None  # where it is installed


def skip(why):
    print("SKIPPED: " + why)
    sys.exit(SKIPPED)


def install(directory):
    """Into directory/node_modules, by the lock file, unless it is there. Ends
    the process with SKIPPED, which ctest shows, where npm cannot reach its
    registry; fails for anything else."""
    global _modules
    _modules = directory
    npm = shutil.which("npm")
    if shutil.which("node") is None or npm is None:
        skip("node and npm are not installed (scripts/setup.sh does it)")
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other tests want it, too
        if not _is_installed(directory):
            _install(npm, directory)


def _wanted():
    with open(os.path.join(HERE, "client", "package-lock.json"),
              encoding="utf-8") as file:
        return file.read()


def _is_installed(directory):
    stamp = os.path.join(directory, "installed")
    if not os.path.exists(stamp):
        return False
    with open(stamp, encoding="utf-8") as file:
        return file.read() == _wanted()


def _install(npm, directory):
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(HERE, "client", name), directory)
    done = subprocess.run([npm, "ci", "--no-audit", "--no-fund",
                           "--ignore-scripts"], cwd=directory,
                          capture_output=True, text=True)
    if done.returncode != 0:
        said = done.stdout + done.stderr
        no_network = re.search(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|"
                               r"ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|"
                               r"ENOTCACHED|ERR_SOCKET_TIMEOUT", said)
        if no_network:
            skip("npm cannot reach its registry (%s), so there is no ali-ons "
                 "to test with" % no_network.group())
        print(said, file=sys.stderr)
        sys.exit("npm ci failed, and not for want of a network")
    with open(os.path.join(directory, "installed"), "w",
              encoding="utf-8") as file:
        file.write(_wanted())


class Client:
    """A producer and perhaps a consumer, driven by client/client.js."""

    def __init__(self, world, nameservers, poll_ms=30000):
        self.process = world.start(
            [shutil.which("node"), os.path.join(HERE, "client", "client.js"),
             ",".join(nameservers), str(poll_ms)], cwd=_modules)
        self.told = 0

    def do(self, what, limit=PATIENCE, **more):
        """Does it and gives back the answer; fails when it failed."""
        answer = self.ask(what, limit, **more)
        if "failed" in answer:
            raise AssertionError("%s failed: %s" % (what, answer["error"]))
        return answer

    def ask(self, what, limit=PATIENCE, **more):
        self.process.tell(json.dumps(dict(more, do=what)))
        line, self.told = self.process.wait_for_line(
            lambda text: what in (json.loads(text).get("done"),
                                  json.loads(text).get("failed")),
            self.told, limit)
        return json.loads(line)

    def wait_for_message(self, body):
        line, _ = self.process.wait_for_line(
            lambda text: json.loads(text).get("consumed") == body)
        return json.loads(line)

"""Moves this process into network, mount and process namespaces of its own.

What is started in them ends with them, whatever happens: neither a process nor
an interface can be left behind.
"""

import os
import select
import shutil
import signal
import subprocess
import sys

_MARK = "WAYPOST_DEMO_SANDBOX"
_TOOLS = ["unshare", "nsenter", "setpriv", "ip", "nft"]

# What the demo will do in its namespaces, tried out once.
_TRIAL = """
set -e
ip link add trial-switch type bridge
ip link add trial-port type veth peer name trial-end
unshare --net true
printf 'table bridge trial { chain cut { type filter hook forward priority 0;\
 policy accept; iifname "trial-port" counter drop; }; }\\n' | nft -f -
"""


def _unshare():
    # Whoever ends unshare, the program inside is told and cleans up. Only
    # /proc is mounted, and made private for that; to make all private, as is
    # unshare's way, fails in a chroot, whose root need not be a mount.
    command = ["setpriv", "--pdeathsig", "KILL", "--", "unshare", "--net",
               "--pid", "--fork", "--kill-child=TERM", "--mount-proc",
               "--propagation", "unchanged"]
    if os.geteuid() != 0:
        command += ["--user", "--map-root-user"]
    return command


def inside():
    return os.environ.get(_MARK) == "1"


def refusal():
    """Why namespaces, bridges and packet filters are not ours to make; None
    when they are."""
    missing = [tool for tool in _TOOLS if not shutil.which(tool)]
    if missing:
        return ("network namespaces need the programs of scripts/setup.sh, "
                "missing: " + ", ".join(missing))
    trial = subprocess.run(_unshare() + ["sh", "-c", _TRIAL], check=False,
                           stdin=subprocess.DEVNULL, capture_output=True,
                           text=True)
    if trial.returncode == 0:
        return None
    said = "; ".join(trial.stderr.split("\n")[:3]).strip("; ")
    return ("network namespaces with bridges and packet filters (root, or user "
            "namespaces with nf_tables) are not allowed here: "
            + (said or f"the trial ended with status {trial.returncode}"))


def run_inside():
    """Runs this program again inside; its exit status."""
    # Nobody writes: it ends when the last process inside has.
    ended, held = os.pipe()
    outside = subprocess.Popen(
        _unshare() + [sys.executable, "-B"] + sys.argv,
        env=dict(os.environ, **{_MARK: "1"}), pass_fds=[held])
    os.close(held)
    # unshare itself does not pass signals on.
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: outside.kill())
    status = outside.wait()
    select.select([ended], [], [], 20)
    return status if status >= 0 else 1

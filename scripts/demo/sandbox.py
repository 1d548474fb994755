"""Moves this process into network, mount and process namespaces of its own.

What is started in them ends with them, whatever happens: neither a process nor
an interface can be left behind.
"""

import os
import shutil
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
    command = ["unshare", "--net", "--pid", "--fork", "--kill-child",
               "--mount-proc"]
    if os.geteuid() != 0:
        command += ["--user", "--map-root-user"]
    return command


def inside():
    return os.environ.get(_MARK) == "1"


def allowed():
    """Whether namespaces, bridges and packet filters are ours to make."""
    if not all(shutil.which(tool) for tool in _TOOLS):
        return False
    trial = subprocess.run(_unshare() + ["sh", "-c", _TRIAL], check=False,
                           stdin=subprocess.DEVNULL, capture_output=True)
    return trial.returncode == 0


def enter():
    """Starts this program again inside; does not return."""
    os.environ[_MARK] = "1"
    command = _unshare() + [sys.executable, "-B"] + sys.argv
    os.execvp(command[0], command)

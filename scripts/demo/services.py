"""The processes of the demo: nameservers, brokers with their agents, and the
views an operator has on them."""

import json
import os
import time

SERVICE_PORT = 9876
MQTT_PORT = 1883
TOPIC = "orders"


class Site:
    """Where things are: executables, a directory for files, the profile."""

    def __init__(self, bin_directory, directory, profile):
        self.bin = bin_directory
        self.directory = directory
        self.profile = profile

    def program(self, name):
        return os.path.join(self.bin, name)

    def path(self, name):
        return os.path.join(self.directory, name)


def nameserver_of(machine):
    return f"{machine.address}:{SERVICE_PORT}"


def _write(path, text):
    """At once: an agent may be reading what another broker's start writes."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)
    return path


def start_nameserver(site, machine):
    """Starts one and waits until it answers."""
    name = machine.name
    data = site.path(f"nameserver-{name}")
    os.makedirs(data, exist_ok=True)
    machine.start(
        [site.program("waypost-namesrv"), "--listen", nameserver_of(machine),
         "--data-dir", data, "--name", f"nameserver-{name}",
         "--profile", site.profile],
        site.path(f"nameserver-{name}.log"))
    ping = [site.program("waypostctl"), "--nameservers",
            nameserver_of(machine), "--timeout", "500ms", "ping"]
    if wait_for(lambda: machine.run(ping, 3) is not None, 10) is None:
        raise RuntimeError(f"nameserver {name} does not answer")


def start_broker(site, machine, nameservers):
    """A real mosquitto, and the agent that registers it; the two processes."""
    name = machine.name
    config = _write(site.path(f"mosquitto-{name}.conf"),
                    f"listener {MQTT_PORT} {machine.address}\n"
                    "allow_anonymous true\n"
                    "user root\n"
                    "max_queued_messages 100000\n"
                    "log_dest stderr\n")
    log = site.path(f"broker-{name}.log")
    mosquitto = machine.start(["mosquitto", "-c", config], log)
    if wait_for(lambda: any(line.endswith(" running")
                            for line in read_lines(log)), 10) is None:
        raise RuntimeError(f"mosquitto {name} does not run")
    topics = _write(site.path("topics.json"), json.dumps(
        {"topics": [{"name": TOPIC, "read_queues": 4, "write_queues": 4,
                     "permission": "rw"}]}))
    agent = machine.start(
        [site.program("waypost-agent"), "--nameservers", ",".join(nameservers),
         "--cluster", "demo", "--broker-name", f"broker-{name.lower()}",
         "--broker-id", "0", "--broker-address",
         f"{machine.address}:{MQTT_PORT}", "--topics", topics,
         "--probe", "mqtt", "--profile", site.profile],
        site.path(f"agent-{name}.log"))
    return mosquitto, agent


def route_at(site, operator, nameserver):
    """The topic's brokers as a nameserver tells them: {name: health}; None when
    it does not answer."""
    output = operator.run(
        [site.program("waypostctl"), "--nameservers", nameserver, "--timeout",
         "500ms", "-o", "json", "topic", "route", TOPIC], timeout=3)
    if output is None:
        return None
    answer = json.loads(output)["answers"][0]
    if "route" not in answer:
        return None
    return {group["broker_name"]: broker["health"]
            for group in answer["route"]["groups"]
            for broker in group["brokers"]}


def wait_for(condition, timeout, interval=0.1):
    """The seconds until `condition()` held; None when it did not in time."""
    started = time.monotonic()
    while time.monotonic() - started < timeout:
        if condition():
            return time.monotonic() - started
        time.sleep(interval)
    return None


def read_lines(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []

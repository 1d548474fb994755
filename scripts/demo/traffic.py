"""The producer and the consumer of one run, and what they told."""

import json
import re
import subprocess
import threading

from services import TOPIC

# The timing of what the SDK calls its question: "... within 500 ms".
_WITHIN = re.compile(r"(?:within|after) ([0-9.]+) ?(ms|s)\b")


def seconds_in(text):
    """The time that the text of a timeout names, in seconds, or None."""
    found = _WITHIN.search(text)
    if not found:
        return None
    return float(found.group(1)) / (1000 if found.group(2) == "ms" else 1)


class Record:
    """All that is known of a run's messages and of the producer's SDK."""

    def __init__(self):
        self.sent = {}        # number -> when
        self.acked = {}       # number -> (when, broker, attempts)
        self.failed = {}      # number -> when
        self.received = set()
        self.duplicates = 0
        self.nameserver = None
        self.switches = []    # (when, from, to, why)
        self.routes = []      # (when, brokers as a text)
        self.avoided = []     # (when, broker)
        self.subscribed = set()
        self.last_ack = {}    # broker -> when


class Traffic:
    """Starts both programs on a machine and listens to their events."""

    def __init__(self, site, machine, nameservers, run, timeline):
        self.record = Record()
        self._site = site
        self._machine = machine
        self._run = run
        self._timeline = timeline
        self._common = ["--client.nameservers", ",".join(nameservers),
                        "--client.start-nameserver", nameservers[0],
                        "--topic", TOPIC, "--run", run,
                        "--profile", site.profile]
        self._running = []  # (process, reader)

    def start_consumer(self):
        self._start("consumer", [])

    def start_producer(self, options):
        self._start("producer", options)

    def _start(self, who, options):
        process = self._machine.start(
            [self._site.program("waypost-demo-" + who)] + self._common
            + options, self._site.path(f"{who}-{self._run}.log"),
            stdout=subprocess.PIPE)
        reader = threading.Thread(target=self._read, args=(who, process.stdout))
        reader.start()
        self._running.append((process, reader))

    def _read(self, who, stream):
        path = self._site.path(f"{who}-{self._run}.events")
        with open(path, "wb") as copy:
            for line in stream:
                copy.write(line)
                event = json.loads(line)
                name = event["event"].replace("-", "_")
                handler = getattr(self, f"_{who}_{name}", None)
                if handler is not None:
                    handler(event, event["time"])

    # What the producer tells.

    def _producer_sent(self, event, when):
        self.record.sent[event["number"]] = when

    def _producer_acked(self, event, when):
        record = self.record
        broker = event["broker"]
        record.acked[event["number"]] = (when, broker, event["attempts"])
        record.last_ack[broker] = when

    def _producer_failed(self, event, when):
        self.record.failed[event["number"]] = when
        self._timeline.say_some(
            "failed", 3, "producer",
            f"message {event['number']} LOST: not acknowledged within its "
            f"budget ({event['ms']:.0f} ms)", when)

    def _producer_attempt_failed(self, event, when):
        if event["number"] in self.record.failed:
            return
        self._timeline.say_some(
            "attempt", 3, "producer",
            f"message {event['number']}: {event['broker']} gave "
            f"{event['why'].replace('its budget', '%.0f ms' % event['ms'])}, "
            "next broker", when)

    def _producer_nameserver_connected(self, event, when):
        del when
        self.record.nameserver = event["nameserver"]

    def _producer_nameserver_switched(self, event, when):
        self.record.nameserver = event["to"]
        self.record.switches.append(
            (when, event["from"], event["to"], event["why"]))
        self._timeline.say("producer",
                           f"left {event['from']} for {event['to']}: "
                           + event["why"].removeprefix(event["from"] + ": "),
                           when)

    def _producer_refresh_failed(self, event, when):
        self._timeline.say_some(
            "refresh", 2, "producer",
            "no answer about routes, keeps the cached ones: " + event["why"],
            when)

    def _producer_route_changed(self, event, when):
        self.record.routes.append((when, event["brokers"]))
        self._timeline.say("producer",
                           f"route from {event['nameserver']}: "
                           f"{event['brokers'] or 'no broker'}", when)

    def _producer_broker_avoided(self, event, when):
        self.record.avoided.append((when, event["broker"]))
        self._timeline.say_some(
            "avoided", 2, "producer",
            f"avoids {event['broker']} for {event['for_ms'] / 1000:.0f} s: "
            f"{event['why']}", when)

    def _producer_broker_no_longer_avoided(self, event, when):
        self._timeline.say("producer",
                           f"no longer avoids {event['broker']}: "
                           f"{event['why']}", when)

    # What the consumer tells.

    def _consumer_received(self, event, when):
        del when
        self.record.received.add(event["number"])

    def _consumer_duplicate(self, event, when):
        del event, when
        self.record.duplicates += 1

    def _consumer_subscribed(self, event, when):
        self.record.subscribed.add(event["broker"])
        self._timeline.say("consumer", "subscribed at " + event["broker"], when)

    def _consumer_subscription_lost(self, event, when):
        self.record.subscribed.discard(event["broker"])
        self._timeline.say("consumer", f"lost {event['broker']}: "
                                       f"{event['why']}", when)

    # The end.

    def stop(self):
        """Stops what was started last: the producer, then the consumer."""
        if not self._running:
            return
        process, reader = self._running.pop()
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(timeout=5)

"""That the examples do what they say, against a real nameserver: watch, a
broker with the agent inside, lookup, an MQTT producer and consumer. usage:
examples_test.py BUILD_DIRECTORY"""

import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "rocketmq"))

from processes import free_address  # noqa: E402

BIN = os.path.join(os.path.abspath(sys.argv.pop()), "bin")
PATIENCE = 40  # seconds; sanitizers are slow


class Program:
    """A running program whose lines are waited for."""

    def __init__(self, name, *arguments, **more):
        path = name if os.path.isabs(name) else os.path.join(BIN, name)
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(
            [path, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, **more)
        self.lines = queue.Queue()
        self.said = []
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line)

    def wait_for(self, *words):
        """The next line with all the words."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                line = self.lines.get(timeout=0.1)
            except queue.Empty:
                # Not only ended: all that it said has been read, too.
                if not self.reader.is_alive() and self.lines.empty():
                    break
                continue
            self.said.append(line)
            if all(word in line for word in words):
                return line
        raise AssertionError(f"no line with {words} in:\n"
                             + "".join(self.said))

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self):
        """Its exit status, after its input has ended and it was asked to."""
        self.process.stdin.close()
        self.process.terminate()
        return self.wait()

    def wait(self):
        status = self.process.wait(PATIENCE)
        self.reader.join()
        self.process.stdin.close()
        self.process.stdout.close()
        return status


class Examples(unittest.TestCase):
    def setUp(self):
        self.work = tempfile.mkdtemp(prefix="waypost-examples-")
        self.addCleanup(shutil.rmtree, self.work)
        self.nameserver = self.start(
            "waypost-namesrv", "--listen", "127.0.0.1:0", "--data-dir",
            self.work, "--profile", "fast")
        told = os.path.join(self.work, "address")
        until = time.monotonic() + PATIENCE
        while not os.path.exists(told) and time.monotonic() < until:
            time.sleep(0.02)
        with open(told, encoding="utf-8") as file:
            self.address = file.read().strip()
        self.environment = dict(os.environ, WAYPOST_PROFILE="fast",
                                WAYPOST_NAMESERVERS=self.address)

    def start(self, *command, **more):
        program = Program(*command, **more)

        def end():
            if program.process.returncode is None:
                program.end()

        self.addCleanup(end)
        return program

    def test_watch_takes_no_flag_for_a_topic(self):
        for words in ["--help"], ["-h", "orders"], []:
            told = subprocess.run(
                [os.path.join(BIN, "waypost-watch"), *words], check=False,
                env=self.environment, timeout=PATIENCE, text=True,
                stdin=subprocess.DEVNULL, capture_output=True)
            self.assertEqual(told.returncode, 1, words)
            self.assertIn("usage: waypost-watch TOPIC", told.stderr)

    def test_watch_shows_what_happens_to_an_embedded_broker(self):
        topics = os.path.join(self.work, "topics.json")
        with open(topics, "w", encoding="utf-8") as file:
            file.write('{"topics": [{"name": "orders"}]}')
        self.start("waypost-agent", "--nameservers", self.address, "--cluster",
                   "examples", "--broker-name", "another", "--broker-address",
                   "127.0.0.1:1884", "--topics", topics, "--profile", "fast")
        watch = self.start("waypost-watch", "orders", "bills",
                           "client.poll-interval=200ms",
                           env=self.environment)
        watch.wait_for("connected", self.address)
        watch.wait_for("route changed", "+another")
        broker = self.start("waypost-embedded-broker", self.address,
                            "127.0.0.1:1883", "orders")
        watch.wait_for("route changed", "+embedded",
                       "embedded/0@127.0.0.1:1883 rw 4+4")
        broker.tell("bills")
        watch.wait_for("route changed", "bills: embedded/0")
        broker.tell("sick")
        watch.wait_for("route changed", "-embedded", "orders: another/0")
        broker.tell("well")
        watch.wait_for("route changed", "+embedded", "orders: ")
        broker.process.stdin.close()  # it unregisters
        self.assertEqual(broker.wait(), 0)
        watch.wait_for("route changed", "-embedded", "orders: another/0")
        self.assertEqual(watch.end(), 0)

    def test_lookup_finds_a_broker(self):
        broker = self.start("waypost-embedded-broker", self.address,
                            "127.0.0.1:1883", "orders")
        broker.wait_for("registered")
        lookup = self.start("waypost-lookup", self.address, "orders", "2")
        lookup.wait_for("orders: embedded/0@127.0.0.1:1883 rw 4+4")
        lookup.wait_for("send to embedded at 127.0.0.1:1883, queue")
        self.assertEqual(lookup.wait(), 0)

    def test_an_mqtt_producer_reaches_a_consumer(self):
        mosquitto = shutil.which("mosquitto", path="/usr/sbin:/usr/bin")
        if mosquitto is None:
            self.skipTest("no mosquitto")
        port = free_address().split(":")[1]
        self.start(mosquitto, "-p", port)
        broker = self.start("waypost-embedded-broker", self.address,
                            "127.0.0.1:" + port, "orders")
        broker.wait_for("registered")
        arguments = ("--client.nameservers", self.address, "--profile", "fast")
        consumer = self.start("waypost-demo-consumer", *arguments)
        consumer.wait_for("subscribed")
        producer = self.start("waypost-demo-producer", *arguments)
        producer.wait_for("acked")
        consumer.wait_for("received")
        self.assertEqual(producer.end(), 0)
        self.assertEqual(consumer.end(), 0)


if __name__ == "__main__":
    unittest.main()

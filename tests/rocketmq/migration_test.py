#!/usr/bin/env python3
"""What docs/rocketmq-migration.md tells operators to do, done: a running cluster
is swapped over to Waypost one nameserver at a time, and back, while a RocketMQ
client sends all the time.

usage: migration_test.py BIN_DIRECTORY MODULE_DIRECTORY

In the place of RocketMQ's own nameserver is stub_nameserver.py. Ends with 77,
which ctest shows as skipped, when ali-ons cannot be installed here."""

import json
import os
import sys
import threading
import time
import unittest

import ali_ons
import remoting
from processes import WorldTest, free_address, wait_until

TOPIC = "orders"
ROUTE = 105


class Traffic:
    """A client that sends all the time and remembers what went wrong."""

    def __init__(self, client):
        self.client = client
        self.sent = 0
        self.failed = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while not self.over.is_set():
            answer = self.client.ask("send", topic=TOPIC, body="m")
            if answer.get("status") == "SEND_OK":
                self.sent += 1
            else:
                self.failed.append(answer)
            time.sleep(0.02)

    def stop(self):
        self.over.set()
        self.thread.join()


class MigrationTest(WorldTest):
    def setUp(self):
        self.addresses = [free_address(), free_address()]
        self.old = [self.world.stub_nameserver(each)
                    for each in self.addresses]
        self.broker = self.world.stub_broker(
            self.addresses, ["--topic", TOPIC, "--register-interval", "1"])
        self.kv_file = os.path.join(self.world.directory, "kvConfig.json")
        with open(self.kv_file, "w", encoding="utf-8") as file:
            file.write('{"configTable":{"ORDER_TOPIC_CONFIG":'
                       '{"%s":"broker-a:4"}}}' % TOPIC)
        self.new = [None, None]
        self.traffic = None

    def tearDown(self):
        if self.traffic is not None:
            self.traffic.stop()

    def start_traffic(self):
        client = ali_ons.Client(self.world, self.addresses, poll_ms=500)
        client.do("send", topic=TOPIC, body="first")
        self.traffic = Traffic(client)

    def properties(self, address):
        """The file that the old nameserver was started with."""
        host, port = address.split(":")
        file = os.path.join(self.world.directory, port + ".properties")
        with open(file, "w", encoding="utf-8") as text:
            text.write("bindAddress=%s\nlistenPort=%s\nkvConfigPath=%s\n"
                       "orderMessageEnable=true\nserverWorkerThreads=8\n"
                       % (host, port, self.kv_file))
        return file

    def serves(self, address):
        reply = remoting.call(address, ROUTE, {"topic": TOPIC})
        return reply.code == 0 and self.broker.address.encode() in reply.body

    def swap(self, index):
        self.old[index].terminate()
        self.new[index] = self.world.nameserver(
            ["-c", self.properties(self.addresses[index])], listen=None)
        self.assertEqual(self.new[index].address, self.addresses[index])

        def has_the_broker():
            answer = self.world.ctl([self.addresses[index]], "broker", "list")
            return [each["address"] for each in answer[0]["brokers"]] == \
                [self.broker.address]
        wait_until("the broker has registered", has_the_broker)
        self.assertTrue(self.serves(self.addresses[index]))

    def swap_back(self, index):
        self.assertEqual(self.new[index].process.terminate(), 0)
        self.old[index] = self.world.stub_nameserver(self.addresses[index])
        wait_until("the broker has registered",
                   lambda: self.serves(self.addresses[index]))

    def check_that_both_agree(self):
        views = self.world.ctl(self.addresses, "--all", "cluster", "show")
        for key in ("state", "clusters", "brokers", "topics",
                    "unhealthy_brokers"):
            self.assertEqual(views[0]["view"][key], views[1]["view"][key], key)
        self.assertEqual(views[0]["view"]["state"], "serving")
        routes = self.world.ctl(self.addresses, "--all", "topic", "route",
                                TOPIC)
        self.assertEqual(routes[0]["route"]["digest"],
                         routes[1]["route"]["digest"])

    def test_there_and_back_under_traffic(self):
        self.start_traffic()

        self.swap(0)
        # What the file said that means nothing here was named.
        wait_until("the log names it", lambda: "serverWorkerThreads"
                   in self.new[0].process.transcript())
        # One of each kind now; a client that starts may meet either.
        mixed = ali_ons.Client(self.world, self.addresses)
        for _ in range(4):
            self.assertEqual(mixed.do("route", topic=TOPIC)["addresses"],
                             [self.broker.address])
        self.swap(1)
        self.check_that_both_agree()
        for answer in self.world.ctl(self.addresses, "--all", "kv", "list"):
            self.assertEqual(answer["entries"],
                             [{"namespace": "ORDER_TOPIC_CONFIG", "key": TOPIC,
                               "value": "broker-a:4"}])

        # Life goes on: a change, and an observer beside the nameservers.
        self.world.ctl(self.addresses, "kv", "put", "ORDER_TOPIC_CONFIG",
                       "payments", "broker-a:8")
        observer = self.world.start(
            [self.world.program("waypost-agent"), "--nameservers",
             ",".join(self.addresses), "--observe", self.broker.address])
        wait_until("the observer has found the broker", lambda: observer
                   .transcript().count("nameserver has the observed broker")
                   >= 2)

        # And back: the configuration first, the observer out of the way.
        exported = self.world.run_ctl(self.addresses, "kv", "export")
        self.assertEqual(
            json.loads(exported),
            {"configTable": {"ORDER_TOPIC_CONFIG":
                             {TOPIC: "broker-a:4",
                              "payments": "broker-a:8"}}})
        self.assertEqual(observer.terminate(), 0)
        self.swap_back(1)
        self.swap_back(0)

        wait_until("messages are sent all the time",
                   lambda: self.traffic.sent > 50 or self.traffic.failed)
        self.traffic.stop()
        self.assertEqual(self.traffic.failed, [])
        print("%d messages sent meanwhile, none failed" % self.traffic.sent)

    def test_a_file_can_be_imported_into_running_nameservers(self):
        for index in range(2):
            self.swap(index)
        with open(self.kv_file, "w", encoding="utf-8") as file:
            json.dump({"configTable": {"ORDER_TOPIC_CONFIG": {
                TOPIC: "broker-a:4", "payments": "broker-a:8"}}}, file)
        taken = self.world.ctl(self.addresses, "kv", "import", self.kv_file)
        for answer in taken:
            self.assertEqual(answer["detail"], "1 set, 1 as before")
        self.world.run_ctl(self.addresses, "kv", "import",
                           os.path.join(self.world.directory, "none.json"),
                           status=2)
        # A nameserver that missed a change says so by its absence.
        self.new[1].process.kill()
        partial = self.world.ctl(self.addresses, "kv", "put", "N", "k", "v",
                                 status=3)
        self.assertEqual([each["ok"] for each in partial], [True, False])
        # What was taken survives a kill, and comes back with the restart.
        self.new[0].process.kill()
        for each in self.new:
            each.restart()
        answers = self.world.ctl(self.addresses, "--all", "kv", "list")
        self.assertEqual([len(each["entries"]) for each in answers], [3, 2])


if __name__ == "__main__":
    WorldTest.bin_directory, modules = map(os.path.abspath, sys.argv[1:3])
    ali_ons.install(modules)
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:], verbosity=2)

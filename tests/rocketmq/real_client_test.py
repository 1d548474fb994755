#!/usr/bin/env python3
"""A client of RocketMQ's own world, npm's ali-ons, is served unchanged: it finds
a broker that registered itself, sends and consumes, and gets over nameservers
that die and hang.

usage: real_client_test.py BIN_DIRECTORY MODULE_DIRECTORY

Installs the client into MODULE_DIRECTORY, unless it is there. Ends with 77, which
ctest shows as skipped, when that is impossible here."""

import os
import sys
import unittest

import ali_ons
from processes import WorldTest, wait_until

TOPIC = "orders"


class RealClientTest(WorldTest):
    def client(self, *nameservers, **more):
        return ali_ons.Client(self.world,
                              [each.address for each in nameservers], **more)

    def broker(self, *nameservers, more=()):
        return self.world.stub_broker(
            [each.address for each in nameservers],
            ["--topic", TOPIC, "--register-interval", "1", *more])

    def test_finds_a_broker_sends_and_consumes(self):
        nameserver = self.world.nameserver()
        broker = self.broker(nameserver)
        client = self.client(nameserver)
        route = client.do("route", topic=TOPIC)
        self.assertEqual(route["brokers"], ["broker-a"])
        self.assertEqual(route["addresses"], [broker.address])
        self.assertEqual(route["queues"], [4])

        sent = client.do("send", topic=TOPIC, body="a dozen eggs")
        self.assertEqual(sent["status"], "SEND_OK")
        self.assertEqual(sent["broker"], "broker-a")
        broker.wait_for_sent(TOPIC, sent["queue"], sent["offset"])

        client.do("consume", topic=TOPIC)
        consumed = client.wait_for_message("a dozen eggs")
        self.assertEqual(consumed["id"], sent["id"])
        # The broker makes a topic for the group's retries when it hears of the
        # group, and tells the nameserver.
        wait_until("the route of the retries is there", lambda: client.ask(
            "route", topic="%RETRY%test-consumers").get("brokers")
            == ["broker-a"])

    def test_is_told_when_a_topic_is_nobodys(self):
        nameserver = self.world.nameserver()
        self.broker(nameserver)
        answer = self.client(nameserver).ask("route", topic="no-such-topic")
        self.assertEqual(answer["code"], 17, answer)

    def test_spreads_over_brokers_and_follows_one_that_comes(self):
        nameserver = self.world.nameserver()
        first = self.broker(nameserver)
        client = self.client(nameserver, poll_ms=500)
        sent = client.do("send", topic=TOPIC, body="1")
        first.wait_for_sent(TOPIC, sent["queue"], sent["offset"])
        second = self.broker(nameserver, more=["--name", "broker-b"])

        def both_serve():
            client.do("send", topic=TOPIC, body="more")
            return second.has_said("sent ")
        wait_until("the client uses the second broker", both_serve)
        self.assertEqual(client.do("route", topic=TOPIC)["brokers"],
                         ["broker-a", "broker-b"])
        # It leaves, as told: nobody is sent there any more.
        self.assertEqual(second.process.terminate(), 0)
        wait_until("the second broker is out of the route", lambda: client.do(
            "route", topic=TOPIC)["brokers"] == ["broker-a"])

    def test_moves_to_the_second_nameserver_when_the_first_is_killed(self):
        first, second = self.world.nameserver(), self.world.nameserver()
        broker = self.broker(first, second)
        client = self.client(first, second)
        for _ in range(4):
            client.do("route", topic=TOPIC)
        first.process.kill()
        # It takes its nameservers in turn: some of these begin at the dead one.
        for i in range(6):
            self.assertEqual(client.do("route", topic=TOPIC)["addresses"],
                             [broker.address])
            sent = client.do("send", topic=TOPIC, body="after %d" % i)
            self.assertEqual(sent["status"], "SEND_OK")
        # A client that starts now has one nameserver of two.
        late = self.client(first, second)
        self.assertEqual(late.do("send", topic=TOPIC, body="late")["status"],
                         "SEND_OK")

        # The dead one comes back and has the broker again: alone now.
        first.restart()
        broker.process.wait_for_line(
            lambda line: line == "registered " + first.address,
            broker.process.lines.index("registered " + first.address) + 1)
        second.process.kill()
        self.assertEqual(client.do("route", topic=TOPIC)["addresses"],
                         [broker.address])

    def test_gets_over_a_nameserver_that_hangs_with_its_connections_open(self):
        first, second = self.world.nameserver(), self.world.nameserver()
        broker = self.broker(first, second)
        client = self.client(first, second)
        for _ in range(4):
            client.do("route", topic=TOPIC)
        client.do("send", topic=TOPIC, body="before")
        first.process.stop()
        # The client closes a connection that does not answer within 3 s and
        # asks the other nameserver; its cached route serves meanwhile. (It
        # tries as many nameservers as it has and takes the next in turn each
        # time, so a second question at the same time may make it try the hung
        # one twice: here it asks one at a time.)
        waited = 0
        for i in range(4):
            route = client.do("route", topic=TOPIC)
            self.assertEqual(route["addresses"], [broker.address])
            waited = max(waited, route["ms"])
            sent = client.do("send", topic=TOPIC, body="hung %d" % i)
            self.assertEqual(sent["status"], "SEND_OK")
        self.assertGreater(waited, 2000)
        first.process.resume()
        # The broker gave up its connection to the sleeper, which finds that
        # when it wakes, and has the broker again with its next registration.
        wait_until("both nameservers have the broker again", lambda: all(
            client.ask("route", topic=TOPIC).get("addresses")
            == [broker.address] for _ in range(4)))

    def test_a_client_outlives_a_restart_of_its_only_nameserver(self):
        nameserver = self.world.nameserver()
        broker = self.broker(nameserver)
        client = self.client(nameserver)
        client.do("send", topic=TOPIC, body="before")
        nameserver.process.kill()
        # No nameserver at all: the route it knows still serves.
        self.assertEqual(client.do("send", topic=TOPIC, body="m")["status"],
                         "SEND_OK")
        nameserver.restart()
        wait_until("the route is there again",
                   lambda: client.ask("route", topic=TOPIC).get("addresses")
                   == [broker.address])


if __name__ == "__main__":
    WorldTest.bin_directory, modules = map(os.path.abspath, sys.argv[1:3])
    ali_ons.install(modules)
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:], verbosity=2)

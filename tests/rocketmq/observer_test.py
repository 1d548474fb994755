#!/usr/bin/env python3
"""A stock broker that hangs with its connections open leaves the routes of all
nameservers in seconds, because waypost-agent --observe watches it.

usage: observer_test.py BIN_DIRECTORY"""

import json
import os
import re
import sys
import time
import unittest

import processes
import remoting
from processes import WorldTest, wait_until

GET_ROUTE = 105
TOPIC = "orders"
# Some three on an idle machine; two minutes without an observer.
SECONDS = 40


def brokers_in_route(nameserver):
    """What a RocketMQ client is told."""
    reply = remoting.call(nameserver.address, GET_ROUTE,
                          {"topic": TOPIC, "acceptStandardJsonOnly": "true"})
    if reply.code != 0:
        return []
    return sorted(each["brokerName"]
                  for each in json.loads(reply.body)["brokerDatas"])


class ObserverTest(WorldTest):
    def setUp(self):
        self.first, self.second = self.world.nameserver(), self.world.nameserver()
        self.addresses = [self.first.address, self.second.address]
        self.a = self.broker("broker-a")
        self.b = self.broker("broker-b")

    def broker(self, name):
        return self.world.stub_broker(
            self.addresses, ["--topic", TOPIC, "--name", name,
                             "--register-interval", "3"])

    def observe(self, *brokers, more=()):
        agent = self.world.start(
            [self.world.program("waypost-agent"), "--nameservers",
             ",".join(self.addresses), "--observe",
             ",".join(each.address for each in brokers), *more])
        wait_until("the observer has found its brokers", lambda: len(
            re.findall("nameserver has the observed broker",
                       agent.transcript())) >= 2 * len(brokers))
        return agent

    def all_have(self, *brokers):
        return all(brokers_in_route(each) == sorted(brokers)
                   for each in (self.first, self.second))

    def test_a_hung_broker_leaves_the_routes_and_comes_back(self):
        agent = self.observe(self.a)
        wait_until("both are well",
                   lambda: self.all_have("broker-a", "broker-b"))
        self.a.process.stop()
        hung = time.monotonic()
        wait_until("the hung broker is out of all routes",
                   lambda: self.all_have("broker-b"))
        took = time.monotonic() - hung
        print("unrouted after %.1f s" % took)
        self.assertLess(took, SECONDS)
        # It is registered all the same, and people see why it is not used.
        for address in self.addresses:
            listed = {each["broker_name"]: each
                      for each in self.world.ctl([address], "broker", "list")
                      [0]["brokers"]}
            self.assertEqual(listed["broker-a"]["health"], "unhealthy")
            self.assertRegex(listed["broker-a"]["health_reason"],
                             "^rocketmq: no answer within 1s")
            self.assertEqual(listed["broker-b"]["health"], "healthy")
        wait_until("the observer says so",
                   lambda: "broker is UNHEALTHY" in agent.transcript())
        # Longer than a verdict without repetitions lasts.
        end = time.monotonic() + 5
        while time.monotonic() < end:
            self.assertTrue(self.all_have("broker-b"))
            time.sleep(0.2)

        self.a.process.resume()
        back = time.monotonic()
        wait_until("the broker is back",
                   lambda: self.all_have("broker-a", "broker-b"))
        print("back after %.1f s" % (time.monotonic() - back))
        self.assertLess(time.monotonic() - back, SECONDS)
        self.assertEqual(agent.terminate(), 0)

    def test_without_an_observer_it_stays_as_the_java_server_has_it(self):
        self.a.process.stop()
        end = time.monotonic() + 6
        while time.monotonic() < end:
            self.assertTrue(self.all_have("broker-a", "broker-b"))
            time.sleep(0.5)

    def test_a_restarted_nameserver_is_told_as_soon_as_it_has_the_broker(self):
        self.observe(self.a)
        self.first.process.kill()
        self.a.process.stop()
        wait_until("the other nameserver has unrouted it",
                   lambda: brokers_in_route(self.second) == ["broker-b"])
        self.a.process.resume()
        self.first.restart()
        # It waits for the brokers of its roster, which wait for their turn:
        # the stub registers again when it notices the closed connection.
        wait_until("both have both", lambda: self.all_have(
            "broker-a", "broker-b"), 2 * processes.PATIENCE)
        self.a.process.stop()
        wait_until("the restarted one has unrouted it",
                   lambda: brokers_in_route(self.first) == ["broker-b"])

    def test_one_process_observes_several_brokers(self):
        self.observe(self.a, self.b)
        self.a.process.kill()  # its connections close: it goes at once
        wait_until("the dead broker is gone",
                   lambda: self.all_have("broker-b"))
        self.b.process.stop()
        # The last broker of a topic stays in its route: better a doubtful one
        # than none.
        wait_until("the other one is known to be unhealthy", lambda: all(
            self.world.ctl([address], "broker", "list")[0]["brokers"][0]
            ["health"] == "unhealthy" for address in self.addresses))
        self.assertTrue(self.all_have("broker-b"))


if __name__ == "__main__":
    WorldTest.bin_directory = os.path.abspath(sys.argv[1])
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)

"""A cut 2|3 under the modes that pause, and under those that let both sides go
on, as docs/partitions.md tells them."""

import time

from harness import PartitionTest, main

MODE = "--cluster.partition-handling"


class Pausing(PartitionTest):
    def test_ignore_lets_both_sides_go_on(self):
        group = self.make(MODE, "ignore")
        begun = time.time()
        group.split("12", "345")
        self.until(lambda: all(
            answer["peers"]["missing"] == (
                ["ns3", "ns4", "ns5"] if name in ("ns1", "ns2")
                else ["ns1", "ns2"])
            for name, answer in group.show().items()),
            "each side misses the other")
        # A side drops the brokers that it does not hear, and no others.
        here = {"broker-1": "healthy", "broker-6": "healthy"}
        there = {"broker-3": "healthy", "broker-6": "healthy"}
        self.until(lambda: group.routes() == {
            "ns1": here, "ns2": here, "ns3": there, "ns4": there,
            "ns5": there}, "each side has the brokers that it hears")
        self.until_states({"ns1 ns2 ns3 ns4 ns5": "serving"})
        self.check_client("1", begun, "ns1 ns2")
        self.check_client("4", begun, "ns3 ns4 ns5")
        self.check_client("6", begun, "ns1 ns2 ns3 ns4 ns5")
        self.heals()
        self.check_never_paused("ns1 ns2 ns3 ns4 ns5")
        self.check_recorded("ns1 ns2", "partition", "ns3 ns4 ns5")
        self.check_recorded("ns3 ns4 ns5", "partition", "ns1 ns2")
        self.check_client("6", begun, "ns1 ns2 ns3 ns4 ns5")

    def test_pause_minority_pauses_the_two(self):
        group = self.make(MODE, "pause-minority")
        begun = time.time()
        group.split("12", "345")
        self.until_states({"ns1 ns2": "paused", "ns3 ns4 ns5": "serving"})
        self.check_paused("ns1 ns2", r"reaches 2 of 5 members, missing: ns3, "
                                     r"ns4, ns5 \(pause-minority\)")
        self.check_client("6", begun, "ns3 ns4 ns5")
        self.check_client("4", begun, "ns3 ns4 ns5")
        # The one that reaches paused nameservers alone keeps what it knew.
        self.until(lambda: not self.world.clients["1"].asked[-1]["ok"],
                   "nobody answers client-1")
        self.check_beside_is_known("1", begun)
        self.hold(lambda: not group["ns1"].listens(9876), 2,
                  "a minority stays paused")
        self.heals()
        healed = time.time()
        self.check_client("1", healed, "ns1 ns2 ns3 ns4 ns5")
        self.check_client("6", begun, "ns1 ns2 ns3 ns4 ns5")
        self.check_never_paused("ns3 ns4 ns5")
        self.check_recorded("ns1 ns2", "partition loss", "ns3 ns4 ns5",
                            "paused: reaches 2 of 5", "resumed")
        self.check_recorded("ns3 ns4 ns5", "partition", "ns1 ns2")

    def test_pause_if_all_down_follows_the_leading_site(self):
        group = self.make(MODE, "pause-if-all-down",
                          "--cluster.pause-if-all-down.nodes", "ns1,ns2",
                          "--cluster.pause-if-all-down.recover", "ignore")
        begun = time.time()
        group.split("12", "345")
        self.until_states({"ns1 ns2": "serving", "ns3 ns4 ns5": "paused"})
        self.check_paused("ns3 ns4 ns5", "none of ns1, ns2 is reachable")
        self.check_client("6", begun, "ns1 ns2")
        self.check_client("1", begun, "ns1 ns2")
        self.check_beside_is_known("4", begun)
        self.heals()
        self.check_client("6", begun, "ns1 ns2 ns3 ns4 ns5")
        self.check_never_paused("ns1 ns2")
        self.check_recorded("ns3 ns4 ns5", "partition loss", "ns1 ns2",
                            "paused: none of", "resumed")

    def test_autoheal_takes_the_side_with_most_connections(self):
        group = self.make(MODE, "autoheal")
        # More clients at the two than all agents have at the three.
        self.world.add_watchers("1", "ns1", 8)
        begun = time.time()
        group.split("12", "345")
        self.until(lambda: all(
            answer["peers"]["open_partitions"]
            for answer in group.show().values()), "all have noticed")
        self.until_states({"ns1 ns2 ns3 ns4 ns5": "serving"})
        self.heals()
        self.until(lambda: all(
            any("restarted" in line for line in group[name].log())
            for name in ("ns3", "ns4", "ns5")), "the three are restarted")
        self.until(self.world.is_whole, "whole after healing")
        for name in ("ns1", "ns2"):
            self.require(not any("restarting with its state" in line
                                 for line in group[name].log()),
                         f"{name} has won")
        self.check_client("6", begun, "ns1 ns2 ns3 ns4 ns5")
        self.check_client("4", begun, "ns1 ns2 ns3 ns4 ns5")
        self.check_recorded("ns3 ns4 ns5", "partition", "ns1 ns2",
                            "has won, restarting with its state", "restarted")


if __name__ == "__main__":
    main()

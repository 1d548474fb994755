"""A cut under the modes that set the losing side to down: who stays, that the
others come back by themselves, and that nobody was restarted."""

import os
import shutil
import socket
import time
import unittest

from harness import ETCD, PartitionTest, main

MODE = "--cluster.partition-handling"


class Downing(PartitionTest):
    def cut_and_heal(self, group, sides, losers, winners, mode):
        """The losers go and come back, the winners serve all the time."""
        begun = time.time()
        before = {name: answer["view"]["incarnation"]
                  for name, answer in group.show().items()}
        group.split(*sides)
        self.until_states({losers: "paused", winners: "serving"})
        self.check_paused(losers, f"set to down by {mode}")
        self.check_client("6", begun, winners)
        for machine in ("1", "4"):
            if "ns" + machine in winners:
                self.check_client(machine, begun, winners)
            self.check_beside_is_known(machine, begun)
        # The side that stays counts the others no more.
        self.until(lambda: not any(group.show()[name]["peers"]["missing"]
                                   for name in winners.split()),
                   f"{winners} miss nobody any more")
        self.hold(lambda: not group[losers.split()[0]].listens(9876), 2,
                  "a losing side stays away")
        self.heals()
        healed = time.time()
        after = {name: answer["view"]["incarnation"]
                 for name, answer in group.show().items()}
        self.require(before == after, "nobody was restarted by hand")
        everybody = " ".join(sorted((losers + " " + winners).split()))
        for machine in ("1", "4", "6"):
            self.check_client(machine, healed, everybody)
        self.check_client("6", begun, everybody)
        # As new lives, after those that stayed.
        up_numbers = {member["name"]: member["up_number"] for member
                      in group.show()["ns1"]["peers"]["members"]}
        self.require(max(up_numbers[name] for name in winners.split())
                     < min(up_numbers[name] for name in losers.split()),
                     f"the losers came up anew: {up_numbers}")
        self.check_recorded(losers, "outage partition loss", winners,
                            "set to down")
        self.check_recorded(winners, "outage", losers, "to down")

    def test_static_quorum(self):
        group = self.make(MODE, "static-quorum",
                          "--cluster.static-quorum.quorum-size", "3")
        self.cut_and_heal(group, ("12", "345"), "ns1 ns2", "ns3 ns4 ns5",
                          "static-quorum")

    def test_keep_majority(self):
        group = self.make(MODE, "keep-majority")
        self.cut_and_heal(group, ("123", "45"), "ns4 ns5", "ns1 ns2 ns3",
                          "keep-majority")

    def test_keep_oldest_keeps_the_smaller_side_with_the_oldest(self):
        def oldest_first(group):
            group["ns5"].start()
            self.until(lambda: group.states()["ns5"] == "serving",
                       "ns5 serves alone")

        group = self.make(MODE, "keep-oldest", before=oldest_first)
        self.cut_and_heal(group, ("123", "45"), "ns1 ns2 ns3", "ns4 ns5",
                          "keep-oldest")

    def test_lease_majority_with_a_lock_file(self):
        group = self.make(
            MODE, "lease-majority",
            "--cluster.lease-majority.lease-implementation", "file",
            "--cluster.lease-majority.lease-file", "LEASE",
            "--cluster.lease-majority.acquire-lease-delay-for-minority",
            "2s", "--cluster.lease-majority.release-after", "6s")
        self.cut_and_heal(group, ("12", "345"), "ns1 ns2", "ns3 ns4 ns5",
                          "lease-majority")

    def start_etcd(self, group):
        machine = self.lab.machines[ETCD]
        client, peer = (f"http://{machine.address}:{port}"
                        for port in (2379, 2380))
        data = group.site.path("etcd")
        os.makedirs(data)
        machine.start(
            ["etcd", "--data-dir", data, "--listen-client-urls", client,
             "--advertise-client-urls", client, "--listen-peer-urls", peer,
             "--initial-advertise-peer-urls", peer, "--initial-cluster",
             "default=" + peer, "--unsafe-no-fsync"],
            group.site.path("etcd.log"))

        def listens():
            try:
                with socket.create_connection((machine.address, 2379), 2):
                    return True
            except OSError:
                return False

        self.until(listens, "etcd listens")

    @unittest.skipUnless(shutil.which("etcd"), "etcd is not installed")
    def test_lease_majority_keeps_the_smaller_side_with_the_etcd(self):
        group = self.make(
            MODE, "lease-majority",
            "--cluster.lease-majority.lease-implementation", "etcd",
            "--cluster.lease-majority.etcd-endpoints",
            f"http://{self.lab.machines[ETCD].address}:2379",
            "--cluster.lease-majority.lease-operation-timeout", "1s",
            "--cluster.lease-majority.acquire-lease-delay-for-minority",
            "1s", "--cluster.lease-majority.release-after", "6s",
            before=self.start_etcd)
        self.cut_and_heal(group, ("12" + ETCD, "345"), "ns3 ns4 ns5",
                          "ns1 ns2", "lease-majority")

    def test_a_bad_link_under_a_lease_costs_nobody_else_anything(self):
        group = self.make(
            MODE, "lease-majority",
            "--cluster.lease-majority.lease-implementation", "file",
            "--cluster.lease-majority.lease-file", "LEASE")
        begun = time.time()
        group.split("1", "2")
        self.until(lambda: all(
            any('action="set to down' in line for line in group[name].log())
            for name in ("ns1", "ns2")), "both ends are set to down")
        self.until_states({"ns1 ns2 ns3 ns4 ns5": "serving"})
        self.hold(lambda: all(each.listens(9876) for each in group), 4,
                  "it comes to rest")
        self.heals()
        self.check_never_set_down("ns3 ns4 ns5")
        self.check_client("6", begun, "ns1 ns2 ns3 ns4 ns5")
        self.check_recorded("ns3", "partial", "ns1 ns2",
                            "sets to down ns1, ns2")

    def test_down_all(self):
        group = self.make(MODE, "down-all")
        begun = time.time()
        group.split("12", "345")
        self.until_states({"ns1 ns2": "paused"})
        self.check_paused("ns1 ns2", "set to down by down-all")
        # All went; more than half of all reach each other and come back.
        self.until_states({"ns3 ns4 ns5": "serving"})
        for name in ("ns3", "ns4", "ns5"):
            self.until(lambda name=name: any(
                "set to down" in line for line in group[name].log()),
                f"{name} was set to down as well")
        self.require(not group["ns1"].listens(9876), "ns1 stays away")
        self.heals()
        for machine in ("1", "4", "6"):
            self.check_beside_is_known(machine, begun)
            self.check_client(machine, time.time(), "ns1 ns2 ns3 ns4 ns5")


if __name__ == "__main__":
    main()

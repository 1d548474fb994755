"""Incidents that other systems had, on real processes: what must not happen
again."""

import subprocess
import time

from harness import PartitionTest, main
from services import TOPIC

MODE = "--cluster.partition-handling"


class OneOfThreeDies(PartitionTest):
    """One node of a cluster of three died, and the two healthy ones refused
    everybody; restarting them did not help, again and again."""

    def test_the_other_two_go_on_and_can_be_restarted(self):
        group = self.make(MODE, "ignore", count=3)
        begun = time.time()
        group["ns3"].kill()
        self.until(lambda: all(
            group.show()[name]["peers"]["missing"] == ["ns3"]
            for name in ("ns1", "ns2")), "the other two show who is missing")
        self.check_client("6", begun, "ns1 ns2")
        # A supervisor that restarts healthy nodes does no harm.
        for name in ("ns1", "ns2"):
            group[name].kill()
            group[name].start()
            other = "ns2" if name == "ns1" else "ns1"
            self.until(lambda name=name: all(
                group.states()[each] == "serving" for each in ("ns1", "ns2"))
                and group.routes()[name] == self.world.all_brokers(),
                f"{name} serves again without ns3")
            self.check_client("6", begun, f"{name} {other}")
            self.until(lambda name=name: group.show()[name]["peers"]["missing"]
                       == ["ns3"], f"{name} knows who is missing")
        group["ns3"].start()
        self.until(self.world.is_whole, "starting it again heals all")
        self.check_client("6", begun, "ns1 ns2 ns3")

    def ask(self, *words):
        """An operator's question to ns1: whether it was answered, and what was
        said."""
        group = self.world.group
        result = subprocess.run(
            [self.world.site.program("waypostctl"), "--nameservers",
             group["ns1"].service, *words], check=False, capture_output=True,
            text=True, stdin=subprocess.DEVNULL)
        return result.returncode == 0, result.stdout + result.stderr

    def test_a_gate_refuses_by_name_what_the_operator_chose(self):
        group = self.make(MODE, "ignore", "--cluster.netsplit-gate",
                          "all-members", "--cluster.allow-register-during-"
                          "netsplit", "on", count=3)
        self.require(self.ask("topic", "route", TOPIC)[0], "answered before")
        group["ns3"].kill()
        refusal = "netsplit, missing peers ns3"
        for words in (("topic", "route", TOPIC), ("kv", "put", "n", "k", "v")):
            self.until(lambda words=words: refusal in self.ask(*words)[1],
                       f"{words} is refused: {refusal}")
            self.require(not self.ask(*words)[0], f"{words} fails")
        # Brokers are allowed: the table stays complete, who was gone is back.
        self.until_states({"ns1 ns2": "serving"})
        # Applications keep what they knew.
        self.until(lambda: not self.world.clients["6"].asked[-1]["ok"],
                   "queries of applications are refused, too")
        begun = time.time()
        self.hold(lambda: not self.world.clients["6"].asked[-1]["ok"], 2,
                  "queries are refused")
        self.check_beside_is_known("6", begun)
        group["ns3"].start()
        self.until(self.world.is_whole, "starting it again heals all")
        self.until(lambda: self.ask("kv", "put", "n", "k", "v")[0],
                   "changes are taken again")
        self.check_client("6", time.time(), "ns1 ns2 ns3")


class BothSidesWentOn(PartitionTest):
    """Both sides of a partition changed on their own and reconnecting healed
    nothing; a suspended machine caused the same, and it never knew."""

    def test_a_partition_is_shown_recorded_healed_and_cleared(self):
        group = self.make(MODE, "ignore", count=3)
        begun = time.time()
        group.split("1", "23")
        self.until(lambda: group.tell("cluster", "show").count(
            "a partition goes on at") == 3, "all three show that it goes on")
        self.require("goes on" in group.tell("cluster", "partitions"),
                     "and list it")
        # Each side changes on its own: broker-1 goes, for the one that hears
        # it; at the others it was silent.
        self.world.brokers["1"][1].terminate()
        self.until(lambda: all("broker-1" not in route
                               for route in group.routes().values()),
                   "broker-1 has left everywhere")
        del self.world.brokers["1"]
        self.heals()
        self.check_recorded("ns1", "partition", "ns2 ns3")
        self.check_recorded("ns2 ns3", "partition", "ns1")
        for name in ("ns1", "ns2", "ns3"):
            said = [line for line in group[name].log() if "partition" in line]
            self.require(said, f"the log of {name} tells of it")
        self.check_client("6", begun, "ns1 ns2 ns3")
        group.tell("cluster", "clear-partitions")
        self.require(group.partitions() == {"ns1": [], "ns2": [], "ns3": []},
                     f"the records are cleared: {group.partitions()}")

    def test_a_suspended_one_does_not_act_on_what_it_dreamt(self):
        group = self.make(MODE, "ignore", count=3)
        begun = time.time()
        group["ns1"].freeze()
        self.until(lambda: group.show()["ns2"]["peers"]["missing"] == ["ns1"],
                   "it is missed")
        # It misses an orderly goodbye and a newcomer.
        self.world.brokers["1"][1].terminate()
        del self.world.brokers["1"]
        self.world.add_broker("2")
        self.until(lambda: all(group.routes()[name] == self.world.all_brokers()
                               for name in ("ns2", "ns3")), "the others know")
        group["ns1"].thaw()
        thawed = time.monotonic()
        wrong = []
        while time.monotonic() < thawed + 6:
            route = group.routes()["ns1"]
            if route is not None and route != self.world.all_brokers():
                wrong.append((round(time.monotonic() - thawed, 2), route))
        self.require(not wrong, f"ns1 told what was not so any more: {wrong}")
        self.until(self.world.is_whole, "all is whole again")
        self.check_recorded("ns1", "own-gap", "", "did not run for")
        self.check_client("6", begun, "ns1 ns2 ns3")


class AnUnreachableMember(PartitionTest):
    """A member came back at another address; the old one stayed unreachable,
    and as long as it did nobody new came up."""

    def come_back_elsewhere(self, mode):
        # Machines 4 and 5 are free; nobody knows anything of them.
        group = self.make(MODE, mode, count=3)
        begun = time.time()
        # Machine 3 is gone, without a word, and its broker with it.
        group.split("3", "12456")
        del self.world.brokers["3"]
        self.until(lambda: all(
            group.show()[name]["peers"]["missing"] == ["ns3"]
            for name in ("ns1", "ns2")), "ns3 is missed")
        # A newcomer comes up although ns3 is out of reach...
        newcomer = group.add("ns9", "5", [group["ns1"].cluster])
        newcomer.start()
        took = self.until(lambda: group.states()["ns9"] == "serving",
                          "a newcomer comes up")
        self.require(took < 25, f"and soon: {took:.1f} s")
        # ... and ns3 is scheduled on another machine, the same peer.
        elsewhere = group.add("ns3", "4", [group["ns2"].cluster])
        elsewhere.start()
        self.until(self.world.is_whole, "all are there again")
        members = {member["name"]: member["cluster_addresses"] for member
                   in group.show()["ns1"]["peers"]["members"]}
        self.require(set(members) == {"ns1", "ns2", "ns3", "ns9"},
                     f"four members: {members}")
        self.require(members["ns3"] == [elsewhere.cluster],
                     f"ns3 is at its new address: {members}")
        self.check_client("6", begun, "ns1 ns2 ns3 ns9")

    def test_it_blocks_nobody(self):
        self.come_back_elsewhere("ignore")

    def test_it_blocks_nobody_where_it_is_set_to_down(self):
        self.come_back_elsewhere("keep-majority")


if __name__ == "__main__":
    main()

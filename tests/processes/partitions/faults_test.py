"""What is no clean cut: links that fail one way or between two alone, processes
that stand still and go on, processes that are killed and started again."""

import time

from harness import PartitionTest, main

MODE = "--cluster.partition-handling"
ALL = "ns1 ns2 ns3 ns4 ns5"


class Links(PartitionTest):
    def test_one_that_hears_and_is_not_heard_pauses_in_the_end(self):
        group = self.make(MODE, "pause-minority")
        begun = time.time()
        # Whatever ns1 sends its peers is lost; what they send arrives.
        self.lab.sever([("1", each) for each in "2345"])
        self.until_states({"ns1": "paused", "ns2 ns3 ns4 ns5": "serving"})
        self.check_paused("ns1", "reaches 1 of 5 members|not run")
        self.check_client("6", begun, "ns2 ns3 ns4 ns5")
        self.heals()
        self.check_never_paused("ns2 ns3 ns4 ns5")
        self.check_recorded("ns2 ns3 ns4 ns5", "partition loss", "ns1")
        self.check_client("6", begun, ALL)

    def test_a_bad_link_pauses_its_ends_alone(self):
        group = self.make(MODE, "pause-minority")
        begun = time.time()
        group.split("1", "2")
        self.until_states({"ns3 ns4 ns5": "serving"})
        self.until(lambda: "paused" in (group.states()["ns1"],
                                        group.states()["ns2"]),
                   "an end of the link pauses")
        self.check_client("6", begun, ALL)
        self.check_client("4", begun, ALL)
        self.heals()
        self.check_never_paused("ns3 ns4 ns5")
        kept = group.partitions()
        self.require(any(
            record["kind"] == "partial" and set(record["seen_by"])
            & {"ns3", "ns4", "ns5"}
            for name in ("ns1", "ns2") for record in kept[name]),
            f"an end knows that others reach the other end: {kept}")
        self.check_client("1", time.time(), ALL)
        self.check_client("6", begun, ALL)

    def test_a_bad_link_is_seen_and_stops_nobody_by_default(self):
        group = self.make(MODE, "ignore")
        begun = time.time()
        group.split("1", "2")
        self.until(lambda: any(
            "a bad link" in line for name in ("ns1", "ns2")
            for line in group[name].log()), "the bad link is told")
        self.hold(lambda: set(group.states().values()) <= {"serving",
                                                           "recovering"},
                  3, "all five go on")
        self.heals()
        for machine in ("1", "4", "6"):
            self.check_client(machine, begun, ALL)
        self.check_never_paused(ALL)

    def test_the_ends_of_a_bad_link_go_together(self):
        group = self.make(MODE, "keep-majority")
        begun = time.time()
        group.split("1", "2")
        # They come back at once, for the three reach them; the link stays bad.
        self.until(lambda: all(
            any('action="set to down' in line for line in group[name].log())
            for name in ("ns1", "ns2")), "both ends are set to down")
        self.until_states({ALL: "serving"})
        self.hold(lambda: all(group[name].listens(9876) for name
                              in ALL.split()), 3, "it comes to rest")
        self.heals()
        self.check_never_set_down("ns3 ns4 ns5")
        self.check_client("6", begun, ALL)


class Processes(PartitionTest):
    def frozen_and_thawed(self, group, names, others):
        """They stand still for longer than anybody waits for them."""
        begun = time.time()
        for name in names.split():
            group[name].freeze()
        self.until(lambda: all(
            answer["peers"]["missing"] == names.split()
            for name, answer in group.show().items()
            if name in others.split()), f"the others miss {names}")
        self.check_client("6", begun, others)
        self.check_client("4", begun, others)
        for name in names.split():
            group[name].thaw()
        self.until(self.world.is_whole, "all is whole again")
        self.check_client("6", begun, ALL)
        self.check_client("4", begun, ALL)
        self.check_never_paused(others)
        for name in names.split():
            self.check_recorded(name, "own-gap", "", "did not run for")
        return begun

    def test_one_stands_still(self):
        group = self.make(MODE, "pause-minority")
        self.frozen_and_thawed(group, "ns1", "ns2 ns3 ns4 ns5")
        self.check_recorded("ns2 ns3 ns4 ns5", "partition loss outage", "ns1")

    def test_two_stand_still_under_ignore(self):
        group = self.make(MODE, "ignore")
        self.frozen_and_thawed(group, "ns1 ns2", "ns3 ns4 ns5")
        self.check_recorded("ns3 ns4 ns5", "partition loss outage", "ns1 ns2")

    def test_a_sleeper_is_set_to_down_and_finds_out(self):
        group = self.make(MODE, "keep-majority")
        group["ns1"].freeze()
        begun = time.time()
        self.until(lambda: all(
            any("to down" in line for line in group[name].log())
            for name in ("ns2", "ns3", "ns4", "ns5")),
            "the others set it to down")
        self.check_client("6", begun, "ns2 ns3 ns4 ns5")
        group["ns1"].thaw()
        self.until(lambda: any("set to down; waits" in line
                               for line in group["ns1"].log()),
                   "it finds out")
        self.until(self.world.is_whole, "all is whole again")
        self.check_never_set_down("ns2 ns3 ns4 ns5")
        self.check_client("6", begun, ALL)

    def test_killed_and_started_again(self):
        group = self.make(MODE, "pause-minority")
        begun = time.time()
        before = group.show()["ns1"]["view"]["incarnation"]
        group["ns1"].kill()
        self.until(lambda: all(
            answer["peers"]["missing"] == ["ns1"]
            for name, answer in group.show().items() if name != "ns1"),
            "the others miss it")
        self.check_client("6", begun, "ns2 ns3 ns4 ns5")
        # Its death has taken no broker with it.
        self.hold(lambda: all(
            route == self.world.all_brokers()
            for name, route in group.routes().items() if name != "ns1"),
            2, "all brokers are known and well")
        group["ns1"].start()
        self.until(self.world.is_whole, "all is whole again")
        self.require(group.show()["ns1"]["view"]["incarnation"] != before,
                     "ns1 lives anew")
        self.check_never_paused("ns2 ns3 ns4 ns5")
        self.check_recorded("ns2 ns3 ns4 ns5", "outage", "ns1")
        self.check_client("6", begun, ALL)


if __name__ == "__main__":
    main()

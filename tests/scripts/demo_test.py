"""What the demo is made of: figures, verdict, and where it may run."""

import io
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

DEMO = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..",
                                    "scripts", "demo"))
sys.path.insert(0, DEMO)

import report  # noqa: E402
import sandbox  # noqa: E402
from experiment import Experiment, Outcome, longest_gap  # noqa: E402
from timeline import Timeline  # noqa: E402
from traffic import Record, seconds_in  # noqa: E402


class Watch:
    """A RouteWatch that has seen `changes`."""

    def __init__(self, changes):
        self.changes = changes

    def first(self, holds, after):
        return next((when for when, route in self.changes
                     if when >= after and holds(route)), None)


def judge(record, changes=()):
    """A hang from 100 to 115."""
    outcome = Outcome()
    # pylint: disable=protected-access
    Experiment._judge(outcome, record, Watch(changes), 100.0, 115.0)
    return outcome


def good_outcome():
    outcome = Outcome()
    outcome.left_nameserver, outcome.left_from = 1.9, "A"
    outcome.question = 0.5
    outcome.dropped, outcome.followed, outcome.whole_after = 3.0, 4.0, 1.0
    return outcome


class Figures(unittest.TestCase):
    def test_a_gap_counts_from_the_first_and_to_the_last_message(self):
        self.assertEqual(longest_gap([1, 2, 5, 6], 1, 6), 3)
        self.assertEqual(longest_gap([], 0, 60), 60)
        self.assertEqual(longest_gap([1], 0, 10), 9)

    def test_the_time_in_a_timeouts_text_is_found(self):
        self.assertEqual(seconds_in("no answer to query-routes within 500 ms"),
                         0.5)
        self.assertEqual(seconds_in("timed out after 1.5s"), 1.5)
        self.assertIsNone(seconds_in("connection closed"))

    def test_what_was_not_acknowledged_is_lost_whoever_received_it(self):
        record = Record()
        record.sent = {1: 99.0, 2: 101.0, 3: 102.0}
        record.acked = {1: (99.1, "broker-a", 1), 3: (102.1, "broker-b", 2)}
        record.failed = {2: 104.0}
        record.received = {1, 2}
        outcome = judge(record)
        self.assertEqual(
            (outcome.attempted, outcome.acknowledged, outcome.lost), (3, 2, 1))
        self.assertEqual(outcome.undelivered, 1)
        self.assertEqual(outcome.last_loss, 4.0)

    def test_only_what_happens_during_the_hang_counts(self):
        record = Record()
        record.sent = {1: 99.0}
        record.acked = {1: (99.1, "broker-a", 1)}
        record.switches = [(98.0, "A", "B", "within 500 ms"),
                           (102.0, "A", "B", "within 400 ms")]
        record.routes = [(99.0, "broker-a broker-b"),
                         (101.0, "broker-a(suspect) broker-b"),
                         (104.0, "broker-b"),
                         (116.0, "broker-a broker-b")]
        record.avoided = [(101.0, "broker-b"), (101.5, "broker-a")]
        outcome = judge(record, [
            (101.4, {"broker-a": "suspect", "broker-b": "healthy"}),
            (103.0, {"broker-b": "healthy"})])
        self.assertEqual(outcome.left_nameserver, 2.0)
        self.assertEqual(outcome.question, 0.4)
        self.assertEqual(outcome.followed, 4.0)
        self.assertEqual(outcome.avoided, 1.5)
        self.assertAlmostEqual(outcome.suspect, 1.4)
        self.assertEqual(outcome.dropped, 3.0)

    def test_a_switch_after_the_wake_up_is_none_while_it_hung(self):
        record = Record()
        record.sent = {1: 99.0}
        record.switches = [(116.0, "A", "B", "connection closed")]
        self.assertIsNone(judge(record).left_nameserver)


class Verdict(unittest.TestCase):
    def test_a_good_run_misses_nothing(self):
        self.assertEqual(report.verdict(good_outcome(), "A", 1), [])

    def test_each_broken_promise_is_named(self):
        for field, value, text in [
                ("lost", 1, "1 messages were lost"),
                ("undelivered", 2, "2 acknowledged messages"),
                ("left_nameserver", None, "did not leave nameserver A"),
                ("left_from", "B", "did not leave nameserver A"),
                ("question", 1.5, "within its RPC budget of 1 s"),
                ("question", None, "within its RPC budget of 1 s"),
                ("dropped", None, "stayed in the routes"),
                ("followed", None, "did not follow"),
                ("whole_after", None, "not whole again")]:
            outcome = good_outcome()
            setattr(outcome, field, value)
            missed = report.verdict(outcome, "A", 1)
            self.assertEqual(len(missed), 1, field)
            self.assertIn(text, missed[0])

    def test_the_table_has_a_column_for_each_run(self):
        bad = Outcome()
        bad.missing_parts = ("acknowledgements by broker-a",)
        text = report.table(["ours", "theirs"], [good_outcome(), bad])
        self.assertIn("1.9 s (its question waited 0.50 s)", text)
        self.assertIn("never while it hung", text)
        self.assertIn("NO: acknowledgements by broker-a", text)
        self.assertRegex(text.splitlines()[0], r"^ +ours +theirs$")


class Lines(unittest.TestCase):
    def test_lines_tell_the_distance_from_the_hang_and_names(self):
        out = io.StringIO()
        timeline = Timeline(out)
        timeline.set_names({"10.0.0.1:9876": "nameserver A"})
        timeline.say("producer", "left 10.0.0.1:9876")
        timeline.set_zero(100.0)
        timeline.say("producer", "left 10.0.0.1:9876", 101.5)
        before, after = out.getvalue().splitlines()
        self.assertIn("left nameserver A", before)
        self.assertNotIn(" s  ", before)
        self.assertTrue(after.strip().startswith("+1.50 s  producer"))

    def test_many_of_a_kind_are_told_some_times_and_then_counted(self):
        out = io.StringIO()
        timeline = Timeline(out)
        for _ in range(10):
            timeline.say_some("failed", 3, "producer", "lost")
        lines = out.getvalue().splitlines()
        self.assertEqual(len(lines), 3)
        self.assertIn("only counted", lines[-1])


# A root that is a plain directory and no mount, as of a build in a chroot. Its
# mounts end with the namespace.
CHROOT = """
set -e
cd "$1"; shift
mkdir -p usr proc dev etc work
for each in bin sbin lib lib64; do ln -s usr/$each $each; done
mount --rbind /usr usr
mount --rbind /proc proc
mount --rbind /dev dev
mount --bind /etc etc
mount --bind "$1" work; shift
exec chroot . "$@"
"""


class Sandbox(unittest.TestCase):
    def test_what_is_missing_is_named(self):
        with mock.patch.dict(os.environ, PATH="/nowhere"):
            self.assertIn("scripts/setup.sh, missing: unshare, nsenter",
                          sandbox.refusal())

    def test_why_the_trial_failed_is_told(self):
        with mock.patch.object(sandbox, "_TRIAL", "echo no bridges >&2; false"):
            with mock.patch.object(sandbox, "_unshare", lambda: []):
                self.assertIn("not allowed here: no bridges",
                              sandbox.refusal())

    def test_a_chroot_does_not_hinder_it(self):
        if sandbox.refusal() or os.geteuid() != 0:
            self.skipTest("namespaces or chroot are not allowed here")
        root = tempfile.mkdtemp(prefix="waypost-chroot-")
        self.addCleanup(shutil.rmtree, root)
        tried = subprocess.run(
            ["unshare", "--mount", "sh", "-c", CHROOT, "sh", root, DEMO,
             "python3", "-B", "-c", "import sys; sys.path.insert(0, '/work'); "
             "import sandbox; print(sandbox.refusal())"],
            check=False, capture_output=True, text=True)
        self.assertEqual(tried.stdout.strip(), "None", tried.stderr)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""Plays the exchanges recorded from the Java nameserver against ours.

usage: recordings_test.py NAMESRV REPLAY SCENARIO_DIRECTORY DEVIATIONS

Every step answers as recorded, or docs/rocketmq-deviations.json says why not;
and every deviation that the file lists is really there, so that it does not
come to excuse what nobody has decided. Scenarios marked slow take minutes of
real time and are played elsewhere (tests/sim, on a virtual clock).
"""

import glob
import json
import os
import re
import subprocess
import sys


def main():
    namesrv, replay, directory, deviations_file = sys.argv[1:]
    scenarios = sorted(glob.glob(os.path.join(directory, "[0-9]*.json")))
    with open(deviations_file, encoding="utf-8") as file:
        deviations = json.load(file)
    start = (f"{namesrv} --listen 127.0.0.1:{{port}} --data-dir {{dir}} "
             "--rocketmq-config {conf}")
    played = subprocess.run(
        [sys.executable, replay, "--start", start, "--deviations",
         deviations_file, "-v", *scenarios],
        capture_output=True, text=True, check=False)
    print(played.stdout, played.stderr, sep="")
    failed = played.returncode != 0

    seen = {(number, int(step)) for number, step in
            re.findall(r"^(\d{3}) \S+ step (\d+) known:", played.stdout, re.M)}
    present = {os.path.basename(path)[:3] for path in scenarios}
    for each in deviations:
        number, step = each["scenario"], each["step"]
        if not each.get("why"):
            print(f"{number} step {step}: no reason is given")
            failed = True
        if number not in present:
            continue
        if step is None:
            there = any(one == number for one, _ in seen)
        else:
            there = (number, step) in seen
        if not there:
            print(f"{number} step {step}: listed as a deviation, but it "
                  "answers as recorded")
            failed = True
    count = re.search(r"^(\d+) passed, (\d+) failed", played.stdout, re.M)
    if count is None or int(count[1]) < 40:
        print("too few scenarios were played")
        failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

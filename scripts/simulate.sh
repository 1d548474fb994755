#!/usr/bin/env bash
# Plays many seeds of simulated clusters and prints each that violates
# something, with the command that repeats it.
#
# usage: scripts/simulate.sh [SEEDS [FIRST [JOBS]]] [-- OPTION...]
#   SEEDS  how many (1000), FIRST the first of them (1), JOBS at a time (as many
#          as there are cores); what follows -- is for waypost-sim:
#          scripts/simulate.sh 10000 -- --mode autoheal --ticks 120
#   WAYPOST_SIM  the program (build/release/bin/waypost-sim)
#
# Exit status 1 when some seed failed.
set -euo pipefail
cd "$(dirname "$0")/.."

numbers=()
while [[ $# -gt 0 && $1 != -- ]]; do
  [[ $1 =~ ^[0-9]+$ ]] || { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2; }
  numbers+=("$1")
  shift
done
[[ ${1:-} == -- ]] && shift
seeds=${numbers[0]:-1000}
first=${numbers[1]:-1}
jobs=${numbers[2]:-$(nproc)}
sim=${WAYPOST_SIM:-build/release/bin/waypost-sim}
[[ -x $sim ]] || { echo "$sim is not there: cmake --build --preset release --target waypost-sim" >&2; exit 2; }

play() {
  local seed=$1 output status=0
  shift
  output=$("$sim" --seed "$seed" --quiet "$@" 2>&1) || status=$?
  [[ $status -eq 0 ]] && return
  # Anything but a violation is worth more lines: an assertion, a hang.
  if [[ $status -eq 1 ]]; then
    grep -E '^(violated|again):' <<<"$output"
  else
    echo "seed $seed ended with status $status:"
    tail -n 5 <<<"$output"
  fi
  echo "$seed" >>"$failed"
}
export -f play
failed=$(mktemp)
trap 'rm -f "$failed"' EXIT
export sim failed
seq "$first" $((first + seeds - 1)) |
  xargs -P "$jobs" -I SEED bash -c 'play SEED "$@"' play "$@"
count=$(wc -l <"$failed")
echo "$seeds seeds from $first on: $count failed"
[[ $count -eq 0 ]]

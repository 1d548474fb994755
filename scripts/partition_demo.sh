#!/bin/bash
# Sets up, builds, and shows five nameservers that lose sight of each other. All
# else is in scripts/demo/partition.py; --help tells the options.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
log=$(mktemp)
if ! { cmake --preset release &&
       cmake --build --preset release -j "$(nproc)" --target waypost-namesrv \
         waypost-agent waypostctl
     } >"$log" 2>&1; then
  grep -vE '^\[[0-9]+/[0-9]+\] ' "$log" | tail -n 100 >&2
  rm -f "$log"
  exit 1
fi
rm -f "$log"
exec python3 -B scripts/demo/partition.py "$@"

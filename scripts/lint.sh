#!/bin/bash
# Runs clang-tidy (.clang-tidy) over the sources of the release build, or over
# the files named. Builds first: generated headers are needed.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
cmake --preset release >/dev/null
cmake --build --preset release -j "$(nproc)" >/dev/null

list_sources() {
  if [[ $# -gt 0 ]]; then
    printf '%s\0' "$@"
  else
    find base wire process namesrv broker_agent client_sdk admin_cli benchmarks \
      -name '*.cc' -print0
  fi
}
# g++'s own warning switches are unknown to clang.
list_sources "$@" | xargs -0 -r -n 1 -P "$(nproc)" clang-tidy --quiet \
  -p build/release --extra-arg=-Wno-unknown-warning-option \
  --warnings-as-errors='*' 2> >(grep -vE '^[0-9]+ warnings?' >&2)
echo "lint: clean"

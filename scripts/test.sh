#!/bin/bash
# Sets up, builds and runs all tests in release, asan and tsan; with --quick in
# release only. Fails when anything fails. The last lines are ctest's summaries
# and their sum.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

presets=(release asan tsan)
case "${1:-}" in
  "") ;;
  --quick) presets=(release) ;;
  *) echo "usage: scripts/test.sh [--quick]" >&2; exit 2 ;;
esac

scripts/setup.sh || exit 1

jobs=$(nproc)
output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT
failed=0
passed_sum=0
total_sum=0
summaries=()

# The counts of "98% tests passed, 2 tests failed out of 100".
count() {
  local preset=$1 line bad total
  line=$(grep -E '^[0-9]+% tests passed' "$output/$preset" | tail -n 1)
  bad=$(sed -E 's/.* ([0-9]+) tests? failed.*/\1/' <<<"$line")
  total=$(sed -E 's/.* out of ([0-9]+).*/\1/' <<<"$line")
  if [[ -z $line ]]; then return 1; fi
  passed_sum=$((passed_sum + total - bad))
  total_sum=$((total_sum + total))
  summaries+=("$preset: $line")
  # The names of those that failed.
  local name
  while IFS= read -r name; do summaries+=("$preset: $name"); done < <(
    sed -n '/^The following tests FAILED:/,/^Errors while/p' "$output/$preset" |
      grep -E '^[[:space:]]+[0-9]+ - ')
}

for preset in "${presets[@]}"; do
  echo "== $preset: build"
  if ! { cmake --preset "$preset" >"$output/configure" 2>&1 &&
         cmake --build --preset "$preset" -j "$jobs" >"$output/build" 2>&1; }
  then
    cat "$output/configure"
    # The errors, without the commands of what went well.
    grep -vE '^\[[0-9]+/[0-9]+\] ' "$output/build" | tail -n 200
    echo "== $preset: the build failed"
    summaries+=("$preset: the build failed")
    failed=1
    continue
  fi
  echo "== $preset: tests"
  ctest --preset "$preset" -j "$jobs" 2>&1 | tee "$output/$preset"
  if [[ ${PIPESTATUS[0]} -ne 0 ]]; then failed=1; fi
  if ! count "$preset"; then
    summaries+=("$preset: ctest gave no summary")
    failed=1
  fi
done

echo
echo "== summary"
printf '%s\n' "${summaries[@]}"
percent=0
if [[ $total_sum -gt 0 ]]; then percent=$((100 * passed_sum / total_sum)); fi
echo "$percent% tests passed, $((total_sum - passed_sum)) tests failed" \
  "out of $total_sum"
exit $failed

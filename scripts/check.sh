#!/bin/sh
# The one gate, for developers and CI alike: tools, format and lint, types, the executable, and all
# tests, those that drive the executable included. Every step runs, whatever failed before it; the
# last line is `N passed, N failed`.
set -u
cd "$(dirname "$0")/.." || exit 1

# A korun that this may be run from is not the one under test.
unset KORUN_HOME KORUN_PORT KORUN_SESSION_ID KORUN_NAME KORUN_DAEMON

passed=0
failed=0
scratch=$(mktemp -d) || exit 1
viewer=
trap 'rm -rf "$scratch"; [ -z "$viewer" ] || kill "$viewer"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

main() {
  gate "tools" sh scripts/setup.sh
  gate "format and lint" node_modules/.bin/biome ci --colors=off .
  gate "types" node_modules/.bin/tsc
  gate "build" node_modules/.bin/bun scripts/build.ts
  run_tests
  echo
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}

# Counts as one, passed or failed.
gate() {
  echo "== $1"
  shift
  if "$@"; then
    passed=$((passed + 1))
  else
    echo "FAILED: $*"
    failed=$((failed + 1))
  fi
}

run_tests() {
  echo "== tests"
  # Into a file and not a pipe: a process that a failing test leaves behind would hold it open.
  log=$scratch/tests.log
  : >"$log"
  tail -f "$log" &
  viewer=$!
  KORUN_BIN=$PWD/dist/korun node_modules/.bin/bun run --silent test:files --dots >"$log" 2>&1
  status=$?
  sleep 1
  kill "$viewer"
  wait "$viewer" 2>/dev/null
  viewer=
  # Bun's summary is the last thing it prints; a run that died has none.
  count_pass=$(count pass)
  count_fail=$(count fail)
  if [ "$status" -ne 0 ] && [ "$count_fail" -eq 0 ]; then
    echo "FAILED: bun test ended with $status"
    count_fail=1
  fi
  passed=$((passed + count_pass))
  failed=$((failed + count_fail))
  # Once more at the end, where whoever looks for them looks first.
  grep '^(fail)' "$log" | sort -u
}

count() {
  tail -n 12 "$log" | awk -v word="$1" '$2 == word && NF == 2 { n = $1 } END { print n + 0 }'
}

main

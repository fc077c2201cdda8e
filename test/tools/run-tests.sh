#!/bin/sh
# Runs every test and ends with one line: N passed, N failed, N skipped.
set -eu
cd "$(dirname "$0")/../.."
report=$(mktemp)
trap 'rm -f "$report"' EXIT
status=0
find test -name '*.test.ts' | sort | xargs node_modules/node/bin/node --test --test-concurrency=2 \
  --test-reporter=spec --test-reporter-destination=stdout \
  --test-reporter=tap --test-reporter-destination="$report" || status=$?
count() { sed -n "s/^# $1 \([0-9]*\)$/\1/p" "$report" | tail -n 1; }
failed=$(( $(count fail) + $(count cancelled) ))
[ "$(count pass)" -gt 0 ] || status=1
[ "$failed" -eq 0 ] || status=1
echo "$(count pass) passed, $failed failed, $(count skipped) skipped"
exit "$status"

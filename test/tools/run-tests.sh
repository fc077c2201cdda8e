#!/bin/sh
# Brings what the tests need, runs every test, and ends with one line: N passed, N failed, N skipped.
# Kernels and fixtures are kept, by content, in DVM_TEST_CACHE (default: ~/.cache/dvm-tests).
# With arguments: runs these test files only.
set -eu
cd "$(dirname "$0")/../.."
DVM_TEST_CACHE=${DVM_TEST_CACHE:-$HOME/.cache/dvm-tests}
export DVM_TEST_CACHE
sh test/tools/prepare.sh
report=$(mktemp)
trap 'rm -f "$report"' EXIT
status=0
if [ $# -eq 0 ]; then
  set -- $(find test -name '*.test.ts' | sort)
fi
node_modules/node/bin/node --test --test-concurrency=2 --test-timeout=600000 \
  --test-reporter=spec --test-reporter-destination=stdout \
  --test-reporter=tap --test-reporter-destination="$report" "$@" || status=$?
count() { sed -n "s/^# $1 \([0-9]*\)$/\1/p" "$report" | tail -n 1; }
failed=$(( $(count fail) + $(count cancelled) ))
[ "$(count pass)" -gt 0 ] || status=1
[ "$failed" -eq 0 ] || status=1
echo "$(count pass) passed, $failed failed, $(count skipped) skipped"
exit "$status"

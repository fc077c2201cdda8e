#!/bin/sh
# Everything that can be said about the code without running it, in seconds.
set -eu
cd "$(dirname "$0")/../.."
PATH="$PWD/node_modules/.bin:$PATH"
oxfmt --check src test bench
oxlint --type-aware --deny-warnings src test bench
tsc
knip
make -s -C guest check
make -s -C vmm check
make -s -C fileserver check
make -s -C forwarder check
make -s -C switch check

#!/bin/sh
# Fills the cache of the tests: host packages, both kernels, the agent, fixture images.
set -eu
cd "$(dirname "$0")/../.."
data=$DVM_TEST_CACHE/data
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$data"
dvm() { DVM_DATA_ROOT=$data DVM_RUN_ROOT=$work/run ./dvm "$@"; }
dvm setup --yes tests
make -s -C guest
make -s -C vmm
make -s -C fileserver
make -s -C forwarder
make -s -C switch
dvm setup --yes run
dvm system down -f # what setup has started
dvm kernel build
dvm kernel build hyper-full
dvm doctor # remembers whether KVM works here
key=$(cat test/fixtures/* | sha256sum | cut -c1-16)
if [ ! -d "$DVM_TEST_CACHE/fixtures-$key" ]; then
  bash test/fixtures/build-fixtures.sh "$DVM_TEST_CACHE/fixtures-$key.new"
  mv "$DVM_TEST_CACHE/fixtures-$key.new" "$DVM_TEST_CACHE/fixtures-$key"
fi
ln -sfn "fixtures-$key" "$DVM_TEST_CACHE/fixtures"
sh test/tools/fetch-api-descriptions.sh "$DVM_TEST_CACHE/api-descriptions"

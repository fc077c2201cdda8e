#!/bin/sh
# Builds every recipe of each version of Linux that recipes stand on, checks what is stored, and
# builds all anew to compare. Some two hours on two processors; what was built is kept, by content,
# in DVM_TEST_CACHE (default: ~/.cache/dvm-tests). With arguments: these recipes only.
set -eu
cd "$(dirname "$0")/../.."
DVM_DATA_ROOT=${DVM_TEST_CACHE:-$HOME/.cache/dvm-tests}/kernel-builds
export DVM_DATA_ROOT
[ $# -gt 0 ] || set -- $(./dvm kernel build --list)
for version in 6.1 6.12; do
  for recipe in "$@"; do
    kernel=$(basename "$(dirname "$(./dvm kernel build --source $version "$recipe")")")
    ./dvm kernel verify --rebuild "$kernel"
  done
done

#!/bin/sh
# The KVM path, tested for real by nesting: needs no KVM on this host. Some minutes.
set -eu
cd "$(dirname "$0")/../.."
exec sh test/tools/run-tests.sh test/nested-kvm/nested-kvm.test.ts

#!/bin/sh
# Asks volumes and binds, inside of a machine, what the container's own disk is asked. Some minutes.
set -eu
cd "$(dirname "$0")/../.."
exec sh test/tools/run-tests.sh test/questions/in-machines.ts

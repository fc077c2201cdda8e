#!/bin/sh
# Databases and servers on volumes, binds and disks, stopped and killed. A quarter of an hour.
set -eu
cd "$(dirname "$0")/../.."
exec sh test/tools/run-tests.sh test/volumes/databases.ts

#!/bin/sh
# Projects of the shapes of well-known ones come up by docker compose. Some minutes.
set -eu
cd "$(dirname "$0")/../.."
exec sh test/tools/run-tests.sh test/compose/projects.ts

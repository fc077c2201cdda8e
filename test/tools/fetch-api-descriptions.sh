#!/bin/sh
# Brings Docker's descriptions of its API (OpenAPI 2, one a version) to $1, out of Debian's source
# packages of docker.io: those of trixie have 1.25 to 1.45, those of sid the newest. What can't be
# had is said, and the tests that need it skip.
set -eu
cd "$(dirname "$0")/../.."
out=$1
[ ! -f "$out/complete" ] || exit 0
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' |
  grep -E '/debian/?$' | head -n 1)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
key=
[ ! -f "$keyring" ] || key="[signed-by=$keyring]"

# The tar of one suite's docker.io, in a folder of its own.
fetch() {
  folder=$work/$1
  mkdir -p "$folder/state/lists/partial" "$folder/cache/archives/partial" "$folder/source"
  echo "deb-src $key $mirror $1 main" > "$folder/sources.list"
  set -- "$1" -q -o Dir::State="$folder/state" -o Dir::State::status=/dev/null \
    -o Dir::Cache="$folder/cache" -o Dir::Etc::sourcelist="$folder/sources.list" \
    -o Dir::Etc::sourceparts=/dev/null -o Acquire::Languages=none
  shift
  apt-get "$@" update > "$folder/log" 2>&1 &&
    (cd "$folder/source" && apt-get "$@" source --download-only --only-source --tar-only docker.io) \
      >> "$folder/log" 2>&1 || true # a part may be missing that isn't wanted
  tar=$(find "$folder/source" -name 'docker.io_*.orig.tar.*' | head -n 1)
  [ -n "$tar" ] && [ -s "$tar" ]
}

# Tests read them as JSON, which is quicker.
keep() {
  node_modules/node/bin/node -e '
    const { parse } = require("yaml");
    const { readFileSync, writeFileSync } = require("node:fs");
    const [from, to] = process.argv.slice(1);
    // in some of them a quoted text goes on in lines that are indented less, which is no YAML
    const text = readFileSync(from, "utf8").replace(/description: "(\\.|[^"\\])*"/gs, (quoted) =>
      quoted.replace(/\s*\n\s*/g, " "));
    writeFileSync(to, JSON.stringify(parse(text)));
  ' "$1" "$out/$2.json"
}

missing=
if fetch trixie; then
  tar xf "$tar" -C "$work" --wildcards '*/docs/api/v1.*.yaml'
  for file in $(find "$work" -path '*/docs/api/v1.*.yaml'); do
    keep "$file" "$(basename "$file" .yaml)"
  done
else missing="$missing 1.25-1.45"; fi
if fetch sid; then
  tar xf "$tar" -C "$work" --wildcards '*/api/swagger.yaml'
  file=$(find "$work" -path '*/api/swagger.yaml' | head -n 1)
  version=$(sed -n 's/^ *version: "\(1\.[0-9]*\)"$/\1/p' "$file" | head -n 1)
  keep "$file" "v$version"
else missing="$missing 1.51"; fi
if [ -n "$missing" ]; then
  echo "descriptions of the API are missing:$missing" >&2
else touch "$out/complete"; fi

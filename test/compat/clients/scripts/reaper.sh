# testcontainers leaves a container behind, and its reaper removes it
set -eu
id=$("$NODE" "$(dirname "$0")/testcontainers.mjs" reaped | tail -n 1)
docker inspect "$id" >/dev/null
for _ in $(seq 60); do
  docker inspect "$id" >/dev/null 2>&1 || exit 0
  sleep 1
done
echo "the reaper left $id" >&2
exit 1

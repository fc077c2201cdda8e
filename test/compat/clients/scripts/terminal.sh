# docker's own command line at a terminal
set -eu
name=compat-terminal-$$
trap 'docker rm -f "$name" >/dev/null 2>&1 || true' EXIT
script -qec "docker run --rm -it --name $name busybox sh -c 'tty; stty size; echo end'" /dev/null |
  tr -d '\r' | grep -q '^end$'
docker run -dit --name "$name" busybox cat >/dev/null
script -qec "docker exec -it $name tty" /dev/null | grep -q /dev/pts
# detaches by its keys; what runs goes on
(sleep 2; printf 'x\n'; sleep 1; printf '\020\021'; sleep 1) |
  script -qec "timeout 60 docker attach $name" /dev/null | grep -q 'read escape sequence'
[ "$(docker inspect -f '{{.State.Running}}' "$name")" = true ]

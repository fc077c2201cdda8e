# a context of docker's own command line, and its bridge for ssh
set -eu
config=$(mktemp -d)
trap 'rm -r "$config"' EXIT
host=$DOCKER_HOST
unset DOCKER_HOST
export DOCKER_CONFIG="$config"
docker context create there --docker "host=$host" >/dev/null
docker context use there >/dev/null
[ "$(docker run --rm busybox echo by context)" = 'by context' ]
export DOCKER_HOST=$host
(printf 'GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'; sleep 1) |
  docker system dial-stdio | grep -q '^OK'

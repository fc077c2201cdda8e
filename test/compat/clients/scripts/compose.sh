# compose: a project from up to down. $1: bridge or own, which network its services are on.
set -eu
case $COMPOSE_WORDS in *' '*) compose() { docker compose "$@"; } ;; *) compose() { "$COMPOSE_WORDS" "$@"; } ;; esac
work=$(mktemp -d)
cd "$work"
network=
[ "$1" = own ] || network='network_mode: bridge'
cat >docker-compose.yml <<END
version: "2.4"
services:
  web:
    image: busybox
    $network
    command: sh -c 'echo web up; mkdir -p /www; echo served >/www/index.html; httpd -f -p 80 -h /www'
    ports: ["127.0.0.1:18081:80"]
    volumes: ["data:/data"]
    environment: {A: b}
    labels: {compat: "yes"}
    stop_signal: SIGKILL
  once:
    image: alpine:3.10
    $network
    command: cat /etc/alpine-release
volumes:
  data: {}
END
trap 'compose -p compat down -v -t 1 >/dev/null 2>&1 || true; cd /; rm -r "$work"' EXIT
is() { [ "$1" = "$2" ] || { echo "expected: $2; got: $1" >&2; exit 1; }; }
compose -p compat config >/dev/null
compose -p compat up -d
for _ in $(seq 60); do
  got=$(curl -s http://127.0.0.1:18081/ || true)
  [ "$got" != served ] || break
  sleep 0.5
done
is "$got" served
compose -p compat ps | grep -q web
compose -p compat logs web | grep -q 'web up'
is "$(compose -p compat exec -T web sh -c 'echo $A')" b
[ "$1" = bridge ] || compose -p compat exec -T once true 2>/dev/null || compose -p compat exec -T web nslookup web >/dev/null
compose -p compat up -d
compose -p compat restart -t 1 web
compose -p compat stop -t 1
compose -p compat down -v -t 1
is "$(docker ps -aq --filter label=compat=yes | wc -l)" 0
is "$(docker volume ls -q --filter name=compat_data | wc -l)" 0

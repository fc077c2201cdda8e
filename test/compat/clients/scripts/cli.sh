# docker's own command line, through the life of a container
set -eu
name=compat-cli-$$
trap 'docker rm -f "$name" "$name-2" >/dev/null 2>&1 || true; docker volume rm -f "$name" >/dev/null 2>&1 || true' EXIT
is() { [ "$1" = "$2" ] || { echo "expected: $2; got: $1" >&2; exit 1; }; }

is "$(docker run --rm busybox echo hello)" hello
is "$(echo piped | docker run -i --rm busybox cat)" piped
code=0; docker run --rm busybox sh -c 'exit 7' || code=$?; is "$code" 7
code=0; docker run --rm busybox /nosuch 2>/dev/null || code=$?; is "$code" 127

docker run -d --name "$name" -e A=b -l x=y -v "$name:/data" -p 127.0.0.1:18080:80 --restart on-failure:2 \
  --health-cmd 'test -f /tmp/well' --health-interval 1s --log-opt max-size=1m \
  busybox sh -c 'echo started; trap "exit 5" TERM; while :; do sleep 0.1; done' >/dev/null
is "$(docker inspect -f '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.LogConfig.Config}}' "$name")" 'on-failure map[max-size:1m]'
is "$(docker ps -q --filter label=x=y --filter name="$name" | wc -l)" 1
docker exec "$name" touch /tmp/well
for _ in $(seq 100); do
  [ "$(docker inspect -f '{{.State.Health.Status}}' "$name")" != healthy ] || break
  sleep 0.3
done
is "$(docker inspect -f '{{.State.Health.Status}}' "$name")" healthy
is "$(docker exec -e C=d "$name" sh -c 'echo $A $C')" 'b d'
is "$(docker logs "$name")" started
is "$(docker port "$name" 80)" 127.0.0.1:18080
docker top "$name" >/dev/null
docker top "$name" -o pid,args | grep -q sleep
docker stats --no-stream --format '{{.Name}}' "$name" | grep -q "$name"
docker update --memory 64m --memory-swap 64m "$name" >/dev/null
docker pause "$name" >/dev/null
is "$(docker inspect -f '{{.State.Status}}' "$name")" paused
docker unpause "$name" >/dev/null

work=$(mktemp -d)
echo text >"$work/file"
docker cp "$work/file" "$name:/data/" 2>/dev/null
docker cp "$name:/data/file" "$work/back" 2>/dev/null
cmp "$work/file" "$work/back"
docker diff "$name" | grep -q '^A /tmp/well$'
docker commit -m why -c 'CMD ["cat","/tmp/well"]' "$name" "$name-image" >/dev/null
docker run --rm "$name-image"
docker rmi "$name-image" >/dev/null
docker export "$name" | tar -t | grep -q '^bin/busybox$'
rm -r "$work"

docker stop "$name" >/dev/null
is "$(docker inspect -f '{{.State.ExitCode}}' "$name")" 5
is "$(docker wait "$name")" 5
docker rename "$name" "$name-2"
docker rm -v "$name-2" >/dev/null
is "$(docker ps -aq --filter name="$name" | wc -l)" 0
docker volume inspect "$name" >/dev/null

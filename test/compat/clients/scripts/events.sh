# docker's own command line follows what happens
set -eu
name=compat-events-$$
since=$(date +%s)
docker run --name "$name" busybox true
docker rm "$name" >/dev/null
seen=$(docker events --since "$since" --until "$(($(date +%s) + 1))" --filter "container=$name" --format '{{.Action}}' | tr '\n' ' ')
case $seen in
*'create '*'attach '*'start '*'die '*) ;;
*) echo "events: $seen" >&2; exit 1 ;;
esac

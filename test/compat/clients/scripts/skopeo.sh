# skopeo reads an image from the daemon and writes one to it
set -eu
work=$(mktemp -d)
trap 'rm -r "$work"; docker rmi -f compat-skopeo:1 >/dev/null 2>&1 || true' EXIT
docker pull -q busybox >/dev/null
$SKOPEO inspect --daemon-host "$DOCKER_HOST" docker-daemon:busybox:latest | grep -q '"Architecture": "amd64"'
$SKOPEO copy -q --src-daemon-host "$DOCKER_HOST" docker-daemon:busybox:latest "dir:$work/image"
$SKOPEO copy -q --dest-daemon-host "$DOCKER_HOST" "dir:$work/image" docker-daemon:compat-skopeo:1
[ "$(docker run --rm compat-skopeo:1 cat /etc/image-name)" = busybox ]

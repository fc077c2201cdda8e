# docker's own command line, with images
set -eu
name=compat-images-$$
work=$(mktemp -d)
trap 'rm -r "$work"; docker rmi -f "$name:1" "$name:2" >/dev/null 2>&1 || true' EXIT
is() { [ "$1" = "$2" ] || { echo "expected: $2; got: $1" >&2; exit 1; }; }

docker pull -q busybox >/dev/null
docker tag busybox "$name:1"
is "$(docker images -q "$name" | wc -l)" 1
docker save "$name:1" -o "$work/image.tar"
docker rmi "$name:1" >/dev/null
docker load -q -i "$work/image.tar" | grep -q "Loaded image: $name:1"
is "$(docker run --rm "$name:1" cat /etc/image-name)" busybox
docker history -q "$name:1" >/dev/null
mkdir "$work/root"
echo made >"$work/root/file"
tar -C "$work/root" -c . | docker import -c 'CMD ["x"]' - "$name:2" >/dev/null
is "$(docker inspect -f '{{.Config.Cmd}}' "$name:2")" '[x]'
docker images --filter "reference=$name*" --format '{{.Tag}}' | sort | tr '\n' ' ' | grep -q '^1 2 $'
docker system df >/dev/null
docker system df -v >/dev/null
docker info >/dev/null
docker version >/dev/null

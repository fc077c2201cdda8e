# the dev container's command line: up, then exec in it
set -eu
work=$(mktemp -d)
trap 'docker ps -aq --filter "label=devcontainer.local_folder=$work" | xargs -r docker rm -f >/dev/null; rm -r "$work"' EXIT
mkdir "$work/.devcontainer"
echo '{"image": "ubuntu", "postCreateCommand": "echo made >/made", "containerEnv": {"A": "b"}}' >"$work/.devcontainer/devcontainer.json"
echo text >"$work/file"
cli="$NODE $CLIENTS/node_modules/@devcontainers/cli/devcontainer.js"
$cli up --workspace-folder "$work" | grep -q '"outcome":"success"'
got=$($cli exec --workspace-folder "$work" bash -c 'cat file /made; echo $A' | tr -d '\r' | tr '\n' ' ')
[ "$got" = 'text made b ' ] || { echo "got: $got" >&2; exit 1; }

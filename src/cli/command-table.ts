import type { CommandEntry } from "./command.ts";

/** Every command that needs nothing but the daemon. Files are loaded when their command runs. */
export const commandEntries: Record<string, CommandEntry> = {
  attach: {
    summary: "Attach local standard input, output, and error streams to a running container",
    load: () => import("./commands/attach.ts"),
  },
  "container prune": {
    summary: "Remove all stopped containers",
    load: () => import("./commands/container-prune.ts"),
  },
  commit: {
    summary: "Create a new image from a container's changes",
    load: () => import("./commands/commit.ts"),
  },
  cp: {
    summary: "Copy files/folders between a container and the local filesystem",
    load: () => import("./commands/cp.ts"),
  },
  create: { summary: "Create a new container", load: () => import("./commands/create.ts") },
  diff: {
    summary: "Inspect changes to files or directories on a container's filesystem",
    load: () => import("./commands/diff.ts"),
  },
  events: {
    summary: "Get real time events from the server",
    load: () => import("./commands/events.ts"),
  },
  exec: {
    summary: "Execute a command in a running container",
    load: () => import("./commands/exec.ts"),
  },
  history: {
    summary: "Show the history of an image",
    load: () => import("./commands/history.ts"),
  },
  "image prune": {
    summary: "Remove unused images",
    load: () => import("./commands/image-prune.ts"),
  },
  "image verify": {
    summary: "Hash all that is kept of images again",
    load: () => import("./commands/image-verify.ts"),
  },
  export: {
    summary: "Export a container's filesystem as a tar archive",
    load: () => import("./commands/export.ts"),
  },
  images: { summary: "List images", load: () => import("./commands/images.ts") },
  import: {
    summary: "Import the contents from a tarball to create a filesystem image",
    load: () => import("./commands/import.ts"),
  },
  info: { summary: "Display system-wide information", load: () => import("./commands/info.ts") },
  inspect: {
    summary: "Return low-level information on DVM objects",
    load: () => import("./commands/inspect.ts"),
  },
  "kernel fit": {
    summary: "Tell the smallest kernel that serves an image, and why",
    load: () => import("./commands/kernel-fit.ts"),
  },
  kill: {
    summary: "Kill one or more running containers",
    load: () => import("./commands/kill.ts"),
  },
  load: {
    summary: "Load images from an archive, a folder or standard input",
    load: () => import("./commands/load.ts"),
  },
  login: { summary: "Authenticate to a registry", load: () => import("./commands/login.ts") },
  logout: { summary: "Log out from a registry", load: () => import("./commands/logout.ts") },
  logs: { summary: "Fetch the logs of a container", load: () => import("./commands/logs.ts") },
  pause: {
    summary: "Pause all processes within one or more containers",
    load: () => import("./commands/pause.ts"),
  },
  port: {
    summary: "List port mappings or a specific mapping for the container",
    load: () => import("./commands/port.ts"),
  },
  ps: { summary: "List containers", load: () => import("./commands/ps.ts") },
  pull: {
    summary: "Download an image from a registry",
    load: () => import("./commands/pull.ts"),
  },
  push: { summary: "Upload an image to a registry", load: () => import("./commands/push.ts") },
  rename: { summary: "Rename a container", load: () => import("./commands/rename.ts") },
  restart: {
    summary: "Restart one or more containers",
    load: () => import("./commands/restart.ts"),
  },
  rm: { summary: "Remove one or more containers", load: () => import("./commands/rm.ts") },
  rmi: { summary: "Remove one or more images", load: () => import("./commands/rmi.ts") },
  run: {
    summary: "Create and run a new container from an image",
    load: () => import("./commands/run.ts"),
  },
  save: {
    summary: "Save one or more images to a tar archive (streamed to STDOUT by default)",
    load: () => import("./commands/save.ts"),
  },
  search: {
    summary: "Search Docker Hub, or another registry, for images",
    load: () => import("./commands/search.ts"),
  },
  start: {
    summary: "Start one or more stopped containers",
    load: () => import("./commands/start.ts"),
  },
  stats: {
    summary: "Display container(s) resource usage statistics",
    load: () => import("./commands/stats.ts"),
  },
  stop: {
    summary: "Stop one or more running containers",
    load: () => import("./commands/stop.ts"),
  },
  "system df": { summary: "Show disk usage", load: () => import("./commands/system-df.ts") },
  "system dial-stdio": {
    summary: "Proxy the stdio stream to the daemon connection",
    load: () => import("./commands/system-dial-stdio.ts"),
  },
  "system prune": {
    summary: "Remove unused data",
    load: () => import("./commands/system-prune.ts"),
  },
  tag: {
    summary: "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE",
    load: () => import("./commands/tag.ts"),
  },
  "template create": {
    summary: "Make a template ahead, so that the first run of its kind needs no boot",
    load: () => import("./commands/template-create.ts"),
  },
  "template inspect": {
    summary: "Display detailed information on one or more templates",
    load: () => import("./commands/template-inspect.ts"),
  },
  "template ls": {
    summary: "List the saved machines that others are cloned of",
    load: () => import("./commands/template-ls.ts"),
  },
  "template prune": {
    summary: "Remove templates that nothing will be cloned of any more",
    load: () => import("./commands/template-prune.ts"),
  },
  "template rm": {
    summary: "Remove one or more templates; the next machine of the kind boots and makes a new one",
    load: () => import("./commands/template-rm.ts"),
  },
  top: {
    summary: "Display the running processes of a container",
    load: () => import("./commands/top.ts"),
  },
  unpause: {
    summary: "Unpause all processes within one or more containers",
    load: () => import("./commands/unpause.ts"),
  },
  update: {
    summary: "Update configuration of one or more containers",
    load: () => import("./commands/update.ts"),
  },
  version: {
    summary: "Show the DVM version information",
    load: () => import("./commands/version.ts"),
  },
  "network connect": {
    summary: "Connect a container to a network",
    load: () => import("./commands/network-connect.ts"),
  },
  "network create": {
    summary: "Create a network",
    load: () => import("./commands/network-create.ts"),
  },
  "network disconnect": {
    summary: "Disconnect a container from a network",
    load: () => import("./commands/network-disconnect.ts"),
  },
  "network inspect": {
    summary: "Display detailed information on one or more networks",
    load: () => import("./commands/network-inspect.ts"),
  },
  "network ls": { summary: "List networks", load: () => import("./commands/network-ls.ts") },
  "network prune": {
    summary: "Remove all unused networks",
    load: () => import("./commands/network-prune.ts"),
  },
  "network rm": {
    summary: "Remove one or more networks",
    load: () => import("./commands/network-rm.ts"),
  },
  "volume create": {
    summary: "Create a volume",
    load: () => import("./commands/volume-create.ts"),
  },
  "volume inspect": {
    summary: "Display detailed information on one or more volumes",
    load: () => import("./commands/volume-inspect.ts"),
  },
  "volume ls": { summary: "List volumes", load: () => import("./commands/volume-ls.ts") },
  "volume prune": {
    summary: "Remove unused local volumes",
    load: () => import("./commands/volume-prune.ts"),
  },
  "volume rm": {
    summary: "Remove one or more volumes",
    load: () => import("./commands/volume-rm.ts"),
  },
  wait: {
    summary: "Block until one or more containers stop, then print their exit codes",
    load: () => import("./commands/wait.ts"),
  },
};

const containerCommands = [
  ...[
    "attach",
    "commit",
    "cp",
    "create",
    "diff",
    "exec",
    "export",
    "kill",
    "logs",
    "pause",
    "port",
    "rename",
    "restart",
  ],
  ...["rm", "run", "start", "stats", "stop", "top", "unpause", "update", "wait"],
];

/** docker's other spellings; ` --flag=value` after the name is passed on. */
export const commandAliases: Record<string, string> = {
  ...Object.fromEntries(containerCommands.map((name) => [`container ${name}`, name])),
  "container inspect": "inspect --type=container",
  "container ls": "ps",
  "container list": "ps",
  "container ps": "ps",
  "container remove": "rm",
  "image history": "history",
  "image ls": "images",
  "image list": "images",
  "image rm": "rmi",
  "image remove": "rmi",
  "image load": "load",
  "image import": "import",
  "image pull": "pull",
  "image push": "push",
  "image save": "save",
  "image tag": "tag",
  "image inspect": "inspect --type=image",
  "network list": "network ls",
  "network remove": "network rm",
  "system events": "events",
  "system info": "info",
  "template list": "template ls",
  "template remove": "template rm",
  "volume list": "volume ls",
  "volume remove": "volume rm",
};

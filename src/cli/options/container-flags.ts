import type { Flag } from "../flags.ts";
import { checkEnvironment } from "./environment.ts";
import { deviceFlags } from "./device-flags.ts";
import { boolean, list, text } from "./flag-kinds.ts";
import { healthFlags } from "./health-flags.ts";
import { namespaceFlags } from "./namespace-flags.ts";
import { networkFlags } from "./network-flags.ts";
import { resourceFlags } from "./resource-flags.ts";
import { parseMount } from "./mounts.ts";
import { parseBytes } from "../../base/parse-sizes.ts";
import { parseUlimit } from "../../base/parse-ulimit.ts";
import {
  checkAddress,
  checkLabel,
  checkSearchDomain,
  checkSysctl,
  readExtraHost,
} from "./value-checks.ts";

/** How a machine's processor runs, by a name that the daemon's driver knows. */
export const acceleratorFlag: Flag = text(
  "accel",
  "name",
  "How the machine's processor runs: a name that `dvm info` lists (default auto)",
);
/**
 * The flags that `run` and `create` share, as docker has them; `--kernel`, `--accel`,
 * `--no-template` and `--room` are ours.
 */
export const containerFlags: readonly Flag[] = [
  acceleratorFlag,
  ...resourceFlags,
  ...healthFlags,
  ...deviceFlags,
  ...namespaceFlags,
  ...networkFlags,
  { ...list("add-host", "Add a custom host-to-IP mapping (host:ip)"), check: readExtraHost },
  { ...list("attach", "Attach to STDIN, STDOUT or STDERR", "a"), check: checkStream },
  list("cap-add", "Add Linux capabilities"),
  list("cap-drop", "Drop Linux capabilities"),
  text("cidfile", "string", "Write the container ID to the file"),
  { ...list("dns", "Set custom DNS servers"), check: checkAddress },
  { ...list("dns-option", "Set DNS options"), aliases: ["dns-opt"] },
  { ...list("dns-search", "Set custom DNS search domains"), check: checkSearchDomain },
  text("domainname", "string", "Container NIS domain name"),
  list("egress", "Let the container reach this alone (name|address[:port][/protocol], none)"),
  text("entrypoint", "string", "Overwrite the default ENTRYPOINT of the image"),
  { ...list("env", "Set environment variables", "e"), check: checkEnvironment },
  list("env-file", "Read in a file of environment variables"),
  list("expose", "Expose a port or a range of ports"),
  list("group-add", "Add additional groups to join"),
  text("hostname", "string", "Container host name", "h"),
  boolean("init", "Run an init inside the container that forwards signals and reaps processes"),
  boolean("interactive", "Keep STDIN open even if not attached", "i"),
  boolean("no-template", "Boot the machine, though a clone would be quicker"),
  text("kernel", "name|path", "Kernel of the machine: stock, hyper, fit, or a file"),
  { ...list("label", "Set meta data on a container", "l"), check: checkLabel },
  list("label-file", "Read in a line delimited file of labels"),
  { ...list("mount", "Attach a filesystem mount to the container"), check: checkMount },
  text("name", "string", "Assign a name to the container"),
  boolean("privileged", "Give extended privileges to this container, in its machine"),
  list("publish", "Publish a container's port(s) to the host", "p"),
  boolean("publish-all", "Publish all exposed ports to random ports", "P"),
  text("platform", "string", "Platform of the image, such as linux/amd64"),
  text("pull", "string", 'Pull image before running ("always", "missing", "never")'),
  boolean("quiet", "Suppress the pull output", "q"),
  boolean("read-only", "Mount the container's root filesystem as read only"),
  boolean("rm", "Remove the container and its anonymous volumes when it exits"),
  {
    name: "room",
    kind: "integer",
    summary:
      "Leave room in the machine for so many containers more, which join by --network, --ipc or --pid container:NAME (1 if there are places)",
  },
  list("security-opt", "Security options"),
  { ...text("shm-size", "bytes", "Size of /dev/shm"), check: parseBytes },
  text("stop-signal", "string", "Signal to stop the container"),
  { name: "stop-timeout", kind: "integer", summary: "Timeout (in seconds) to stop a container" },
  { ...list("sysctl", "Sysctl options"), check: checkSysctl },
  list("tmpfs", "Mount a tmpfs directory"),
  boolean("tty", "Allocate a pseudo-TTY", "t"),
  { ...list("ulimit", "Ulimit options"), check: parseUlimit },
  text("user", "string", "Username or UID (format: <name|uid>[:<group|gid>])", "u"),
  list("volume", "Bind mount a volume", "v"),
  text("workdir", "string", "Working directory inside the container", "w"),
];

function checkMount(specification: string): void {
  parseMount(specification, "/");
}

function checkStream(name: string): void {
  if (!["stdin", "stdout", "stderr"].includes(name.toLowerCase()))
    throw new TypeError("valid streams are STDIN, STDOUT and STDERR");
}

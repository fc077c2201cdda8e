import { DvmError } from "../../base/errors.ts";
import type { JsonObject } from "../../client/json.ts";
import type { Flag, ParsedFlags } from "../flags.ts";
import { keyValues } from "./environment.ts";
import { boolean, checked, integer, list, text } from "./flag-kinds.ts";

/** Namespaces, logging, and what else of a container's place there is to say. */
export const namespaceFlags: readonly Flag[] = [
  list("annotation", "Add an annotation to the container"),
  text("cgroup-parent", "string", "Optional parent cgroup for the container"),
  text("cgroupns", "string", "Cgroup namespace to use (host|private)"),
  text("ipc", "string", "IPC mode to use"),
  text("isolation", "string", "Container isolation technology"),
  checked(list("link", "Add link to another container"), readLink),
  text("log-driver", "string", "Logging driver for the container"),
  list("log-opt", "Log driver options"),
  integer("memory-swappiness", "Tune container memory swappiness (0 to 100) (default -1)"),
  boolean("oom-kill-disable", "Disable OOM Killer"),
  integer("oom-score-adj", "Tune OOM preferences (-1000 to 1000)"),
  text("pid", "string", "PID namespace to use"),
  text("runtime", "string", "Runtime to use for this container"),
  list("storage-opt", "Storage driver options for the container"),
  text("userns", "string", "User namespace to use"),
  text("uts", "string", "UTS namespace to use"),
  text("volume-driver", "string", "Optional volume driver for the container"),
  list("volumes-from", "Mount volumes from the specified container(s)"),
];

const modes: readonly [flag: string, field: string, pattern: RegExp, name: string][] = [
  ["pid", "PidMode", /^(?:|host|container:.+)$/, "PID"],
  ["uts", "UTSMode", /^(?:|host)$/, "UTS"],
  ["userns", "UsernsMode", /^(?:|host)$/, "USER"],
  ["cgroupns", "CgroupnsMode", /^(?:|host|private)$/, "CGROUP"],
];

/** The fields of HostConfig that these flags ask for. */
export function namespaceFields(flags: ParsedFlags): JsonObject {
  const driver = flags.text("log-driver");
  const options = keyValues(flags.list("log-opt"));
  if (driver === "none" && Object.keys(options).length > 0)
    throw new DvmError("invalid", "invalid logging opts for driver none");
  const swappiness = flags.integer("memory-swappiness");
  if (swappiness !== undefined && (swappiness < -1 || swappiness > 100))
    throw new DvmError(
      "invalid",
      `invalid value: ${swappiness}. Valid memory swappiness range is 0-100`,
    );
  const storage = flags.list("storage-opt");
  const odd = storage.find((one) => !one.includes("="));
  if (odd !== undefined) throw new DvmError("invalid", "invalid storage option");
  return {
    ...Object.fromEntries(modes.map(([flag, field]) => [field, modeOf(flags, flag)])),
    Annotations: keyValues(flags.list("annotation")),
    CgroupParent: flags.text("cgroup-parent"),
    IpcMode: flags.text("ipc"),
    Isolation: flags.text("isolation"),
    Links: flags.list("link").map(readLink),
    LogConfig:
      driver === undefined && Object.keys(options).length === 0
        ? undefined
        : { Type: driver ?? "", Config: options },
    MemorySwappiness: swappiness,
    OomKillDisable: flags.has("oom-kill-disable") ? flags.boolean("oom-kill-disable") : undefined,
    OomScoreAdj: flags.integer("oom-score-adj"),
    Runtime: flags.text("runtime"),
    StorageOpt: keyValues(storage),
    VolumeDriver: flags.text("volume-driver"),
    VolumesFrom: flags.list("volumes-from"),
  };
}

function modeOf(flags: ParsedFlags, flag: string): string | undefined {
  const given = flags.text(flag);
  const [, , pattern, name] = modes.find(([one]) => one === flag) ?? [];
  if (given !== undefined && pattern?.test(given) === false)
    throw new DvmError("invalid", `--${flag}: invalid ${name} mode`);
  return given;
}

/** `NAME` stands for `NAME:NAME`. */
export function readLink(given: string): string {
  const parts = given.split(":");
  if (given === "") throw new DvmError("invalid", "empty string specified for links");
  if (parts.length > 2) throw new DvmError("invalid", `bad format for links: ${given}`);
  return parts.length === 1 ? `${given}:${given}` : given;
}

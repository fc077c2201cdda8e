import { stat } from "node:fs/promises";
import { isAbsolute, normalize } from "node:path";
import { DvmError } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import type { HostConfig } from "./container-config.ts";
import type { MountPoint } from "./container-record.ts";

interface MountInput {
  hostConfig: HostConfig;
  /** Folders that the image or the user declares as volumes. */
  declaredVolumes: readonly string[];
}

/**
 * All mounts of a container, each target once: what the user binds beats what the image declares.
 * Sources of binds are looked up; volumes are only named here, {@link MountPoint.anonymous} too.
 */
export async function resolveMountPoints(input: MountInput): Promise<MountPoint[]> {
  const { hostConfig } = input;
  const mounts = [
    ...(await Promise.all(hostConfig.Binds.map(fromBind))),
    ...(await Promise.all(hostConfig.Mounts.map(fromMount))),
    ...Object.entries(hostConfig.Tmpfs).map(([target, options]) => tmpfs(target, options)),
  ];
  const taken = new Set<string>();
  for (const { Destination } of mounts) {
    if (taken.has(Destination))
      throw new DvmError("invalid", `Duplicate mount point: ${Destination}`);
    taken.add(Destination);
  }
  const declared = input.declaredVolumes.map(cleanTarget).filter((target) => !taken.has(target));
  return [
    ...mounts,
    ...[...new Set(declared)].map((target) => volume(newId(), target, true, true)),
  ];
}

async function fromBind(text: string): Promise<MountPoint> {
  const parts = text.split(":");
  const [first = "", second, modes = ""] = parts;
  if (parts.length > 3 || first === "" || second === "") {
    throw new DvmError("invalid", `invalid volume specification: '${text}'`);
  }
  if (second === undefined) return volume(newId(), first, true, true);
  const writable = isWritable(modes, text);
  if (!isAbsolute(first)) return volume(first, second, writable, false);
  return bind(first, second, writable);
}

/** `z`, `Z` and `nocopy`-like words of SELinux and propagation mean nothing in a machine of its own. */
function isWritable(modes: string, whole: string): boolean {
  const known = new Set([
    "",
    "rw",
    "ro",
    "z",
    "Z",
    "rprivate",
    "private",
    "cached",
    "delegated",
    "consistent",
  ]);
  for (const mode of modes.split(",")) {
    if (!known.has(mode)) throw new DvmError("invalid", `invalid mode: ${mode} in '${whole}'`);
  }
  return !modes.split(",").includes("ro");
}

async function fromMount(request: HostConfig["Mounts"][number]): Promise<MountPoint> {
  const writable = !request.ReadOnly;
  switch (request.Type) {
    case "bind":
      return bind(request.Source, request.Target, writable);
    case "volume": {
      const anonymous = request.Source === "";
      return volume(anonymous ? newId() : request.Source, request.Target, writable, anonymous);
    }
    case "tmpfs": {
      const { SizeBytes, Mode } = request.TmpfsOptions ?? {};
      const words = [
        ...(SizeBytes === undefined || SizeBytes === 0 ? [] : [`size=${SizeBytes}`]),
        ...(Mode === undefined || Mode === 0 ? [] : [`mode=${Mode.toString(8)}`]),
        ...(writable ? [] : ["ro"]),
      ];
      return tmpfs(request.Target, words.join(","));
    }
  }
}

async function bind(source: string, target: string, writable: boolean): Promise<MountPoint> {
  await checkBindSource(source);
  return {
    Type: "bind",
    Source: normalize(source),
    Destination: cleanTarget(target),
    Mode: writable ? "" : "ro",
    RW: writable,
    Propagation: "rprivate",
  };
}

/** A bind source must be there, as with docker's `--mount`: a typo makes no empty folder. */
export async function checkBindSource(source: string): Promise<void> {
  const found = await stat(source).catch(() => undefined);
  if (found?.isDirectory() === true || found?.isFile() === true) return;
  const why =
    found === undefined
      ? "bind source path does not exist"
      : "bind source is neither a file nor a folder";
  throw new DvmError("invalid", `invalid mount config for type "bind": ${why}: ${source}`);
}

function volume(name: string, target: string, writable: boolean, anonymous: boolean): MountPoint {
  return {
    Type: "volume",
    Name: name,
    Source: "",
    Destination: cleanTarget(target),
    Driver: "local",
    Mode: writable ? "z" : "ro",
    RW: writable,
    Propagation: "",
    ...(anonymous ? { anonymous } : {}),
  };
}

function tmpfs(target: string, options: string): MountPoint {
  const words = options.split(",").filter((word) => word !== "");
  return {
    Type: "tmpfs",
    Source: "",
    Destination: cleanTarget(target),
    Mode: "",
    RW: !words.includes("ro"),
    Propagation: "",
    options: words.filter((word) => word !== "ro" && word !== "rw").join(","),
  };
}

function cleanTarget(target: string): string {
  if (!isAbsolute(target)) {
    throw new DvmError("invalid", `invalid mount path: '${target}' mount path must be absolute`);
  }
  const path = normalize(target).replace(/(.)\/$/, "$1");
  if (path === "/") throw new DvmError("invalid", "invalid mount config: destination can't be '/'");
  return path;
}

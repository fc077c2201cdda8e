import { isAbsolute, normalize } from "node:path";
import { DvmError } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import type { HostConfig, Mount } from "../records.ts";
import { checkBindSource } from "./bind-source.ts";
import { parseBind } from "./bind-specification.ts";
import { fromMountRequest } from "./mount-request.ts";
import { cleanTarget } from "./mount-target.ts";
import { volumesFrom } from "./volumes-from.ts";

/** What a container's mounts may be of. */
export interface MountSources {
  /** What another container mounts, without what `--tmpfs` gave it; fails where there is none. */
  readonly mountsOf: (container: string) => readonly Mount[];
  /** Id of an image; fails where there is none. */
  readonly findImage: (name: string) => string;
}

/**
 * All mounts of a container, each target once: what the user binds beats what comes from other
 * containers, and that what the image or the user declares as volumes. Sources of binds are looked
 * up; volumes are only named here.
 */
export async function resolveMounts(
  hostConfig: HostConfig,
  declaredVolumes: readonly string[],
  sources: MountSources,
): Promise<Mount[]> {
  const tmpfs = Object.entries(hostConfig.Tmpfs ?? {}).map(([target, options]) =>
    tmpfsMount(target, options),
  );
  const byTarget = new Map<string, Mount>();
  for (const text of hostConfig.VolumesFrom ?? [])
    for (const mount of volumesFrom(text, sources.mountsOf)) byTarget.set(mount.target, mount);
  for (const mount of await asked(hostConfig, tmpfs, sources)) byTarget.set(mount.target, mount);
  // a tmpfs lies over what else is there
  for (const mount of tmpfs)
    if (byTarget.get(mount.target)?.kind !== "tmpfs") byTarget.set(mount.target, mount);
  for (const target of declaredVolumes.map(cleanTarget))
    if (!byTarget.has(target)) {
      const { VolumeDriver: driver } = hostConfig;
      byTarget.set(target, { ...volume({ target }), mode: "", ...makingBy(driver) });
    }
  return [...byTarget.values()];
}

/** Docker's `Binds` and `Mounts`. */
async function asked(
  { Binds, Mounts, VolumeDriver }: HostConfig,
  tmpfs: readonly Mount[],
  { findImage }: MountSources,
): Promise<Mount[]> {
  const mounts: Mount[] = [];
  const taken = new Set(tmpfs.map(({ target }) => target));
  for (const text of Binds ?? []) {
    const mount = await fromBind(text, VolumeDriver);
    if (taken.has(mount.target)) throw duplicate(mount.target);
    taken.add(mount.target);
    mounts.push(mount);
  }
  const bound = new Set(mounts.map(({ target }) => target));
  for (const request of Mounts ?? []) {
    const mount = await fromMountRequest(request, findImage);
    if (bound.has(mount.target)) throw duplicate(request.Target);
    bound.add(mount.target);
    mounts.push(mount);
  }
  return mounts;
}

function duplicate(target: string): DvmError {
  return new DvmError("invalid", `Duplicate mount point: ${target}`);
}

async function fromBind(text: string, driver: string): Promise<Mount> {
  const { source, target, modes } = parseBind(text);
  const words = modes.split(",");
  const common = { target: cleanTarget(target), readOnly: words.includes("ro"), mode: modes };
  if (!isAbsolute(source)) {
    const startsEmpty = words.includes("nocopy") ? { startsEmpty: true } : {};
    return {
      ...volume({ target: common.target, name: source }),
      ...{ ...common, mode: modes || "z" },
      ...startsEmpty,
      ...makingBy(driver),
    };
  }
  const propagation = words.find((word) => /^r?(?:private|shared|slave)$/.test(word));
  const mount: Mount = {
    ...{ kind: "bind", source: normalize(source), ...common, makesSource: true },
    ...(propagation === undefined ? {} : { propagation }),
  };
  await checkBindSource(mount);
  return mount;
}

function makingBy(driver: string): Pick<Mount, "making"> {
  return driver === "" ? {} : { making: { driver, options: null, labels: null } };
}

function volume({ target, name = "" }: { target: string; name?: string }): Mount {
  const common = { kind: "volume", source: "", target, readOnly: false } as const;
  return name === ""
    ? { ...common, volume: newId(), anonymous: true }
    : { ...common, volume: name };
}

function tmpfsMount(target: string, options: string): Mount {
  const words = options.split(",").filter((word) => word !== "");
  return {
    ...{ kind: "tmpfs", source: "", target: cleanTarget(target) },
    readOnly: words.includes("ro"),
    options: words.filter((word) => word !== "ro" && word !== "rw").join(","),
  };
}

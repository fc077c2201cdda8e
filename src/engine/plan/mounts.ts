import { isAbsolute, normalize } from "node:path";
import { DvmError } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import { parseBind } from "./bind-specification.ts";
import type { HostConfig, Mount } from "../records.ts";
import { checkBindSource } from "./bind-source.ts";

type MountRequest = NonNullable<HostConfig["Mounts"]>[number];

/**
 * All mounts of a container, each target once: what the user binds beats what the image or the user
 * declares as volumes. Sources of binds are looked up; volumes are only named here.
 */
export async function resolveMounts(
  hostConfig: HostConfig,
  declaredVolumes: readonly string[],
): Promise<Mount[]> {
  const mounts = [
    ...(await Promise.all((hostConfig.Binds ?? []).map(fromBind))),
    ...(await Promise.all((hostConfig.Mounts ?? []).map(fromMount))),
    ...Object.entries(hostConfig.Tmpfs ?? {}).map(([target, options]) => tmpfs(target, options)),
  ];
  const taken = new Set<string>();
  for (const { target } of mounts) {
    if (taken.has(target)) throw new DvmError("invalid", `Duplicate mount point: ${target}`);
    taken.add(target);
  }
  const declared = declaredVolumes.map(cleanTarget).filter((target) => !taken.has(target));
  return [
    ...mounts,
    ...[...new Set(declared)].map((target) => volume(newId(), target, true, true)),
  ];
}

async function fromBind(text: string): Promise<Mount> {
  const { source, target, writable } = parseBind(text);
  if (source === "") return volume(newId(), target, true, true);
  return isAbsolute(source)
    ? bind(source, target, { writable, makesSource: true })
    : volume(source, target, writable, false);
}

async function fromMount(request: MountRequest): Promise<Mount> {
  const writable = !request.ReadOnly;
  checkMount(request);
  switch (request.Type) {
    case "bind":
      return bind(request.Source, request.Target, { writable, makesSource: false });
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

function checkMount({ Type, Source, Target }: MountRequest): void {
  const refused = (why: string) =>
    new DvmError("invalid", `invalid mount config for type "${Type}": ${why}`);
  if (Target === "") throw refused("field Target must not be empty");
  const target = badTarget(Target);
  if (target !== undefined) throw refused(target);
  if (Type === "tmpfs" && Source !== "") throw refused("field Source must not be specified");
  if (Type === "bind" && Source === "") throw refused("field Source must not be empty");
  if (Type === "bind" && !isAbsolute(Source)) throw refused(notAbsolute(Source));
}

async function bind(
  source: string,
  target: string,
  { writable, makesSource }: { writable: boolean; makesSource: boolean },
): Promise<Mount> {
  const mount: Mount = {
    ...{ kind: "bind", source: normalize(source), target: cleanTarget(target) },
    readOnly: !writable,
    ...(makesSource ? { makesSource } : {}),
  };
  await checkBindSource(mount);
  return mount;
}

function volume(name: string, target: string, writable: boolean, anonymous: boolean): Mount {
  return {
    kind: "volume",
    volume: name,
    source: "",
    target: cleanTarget(target),
    readOnly: !writable,
    ...(anonymous ? { anonymous } : {}),
  };
}

function tmpfs(target: string, options: string): Mount {
  const words = options.split(",").filter((word) => word !== "");
  return {
    kind: "tmpfs",
    source: "",
    target: cleanTarget(target),
    readOnly: words.includes("ro"),
    options: words.filter((word) => word !== "ro" && word !== "rw").join(","),
  };
}

function cleanTarget(target: string): string {
  const why = badTarget(target);
  if (why !== undefined) throw new DvmError("invalid", why);
  return normalize(target).replace(/(.)\/$/, "$1");
}

/** In docker's words. */
function badTarget(target: string): string | undefined {
  if (!isAbsolute(target)) return notAbsolute(target);
  return normalize(target) === "/" ? "invalid specification: destination can't be '/'" : undefined;
}

function notAbsolute(path: string): string {
  return `invalid mount path: '${path}' mount path must be absolute`;
}

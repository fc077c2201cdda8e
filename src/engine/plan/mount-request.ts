import { isAbsolute, normalize } from "node:path";
import { DvmError } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import type { HostConfig, Mount } from "../records.ts";
import { checkBindSource } from "./bind-source.ts";
import { badTarget, cleanTarget, notAbsolute } from "./mount-target.ts";

type MountRequest = NonNullable<HostConfig["Mounts"]>[number];

const propagations = ["private", "rprivate", "slave", "rslave", "shared", "rshared"];
const tmpfsWords = ["exec", "noexec"];

/** One of Docker's `Mounts`; `findImage` gives an image's id. */
export async function fromMountRequest(
  request: MountRequest,
  findImage: (name: string) => string,
): Promise<Mount> {
  const why = badRequest(request);
  if (why !== undefined) throw refused(request, why);
  const common = { target: cleanTarget(request.Target), readOnly: request.ReadOnly };
  switch (request.Type) {
    case "bind":
      return bind(request, common);
    case "volume":
      return volume(request, common);
    case "tmpfs":
      return { kind: "tmpfs", source: "", ...common, mode: "", options: tmpfsOptions(request) };
    case "image": {
      const { Subpath } = request.ImageOptions ?? {};
      const image = { imageName: request.Source, source: findImage(request.Source) };
      return {
        kind: "image",
        ...common,
        ...image,
        mode: "",
        readOnly: true,
        ...subpathOf(Subpath),
      };
    }
    default:
      throw refused(request, "mount type unknown");
  }
}

/** In docker's words; undefined: nothing. */
function badRequest(request: MountRequest): string | undefined {
  const { Target, Type } = request;
  if (Target === "") return "field Target must not be empty";
  const target = badTarget(Target);
  if (target !== undefined) return target;
  if (Type === "bind") return badBind(request);
  if (Type === "volume") return badVolume(request);
  if (Type === "tmpfs") return badTmpfs(request);
  if (Type !== "image") return "mount type unknown";
  if (request.Source === "") return "field Source must not be empty";
  return badSubpath(request.ImageOptions?.Subpath);
}

function badBind({ Source, BindOptions }: MountRequest): string | undefined {
  if (Source === "") return "field Source must not be empty";
  const propagation = BindOptions?.Propagation ?? "";
  if (propagation !== "" && !propagations.includes(propagation))
    return `invalid propagation mode: ${propagation}`;
  return isAbsolute(Source) ? undefined : notAbsolute(Source);
}

function badVolume({ Source, VolumeOptions }: MountRequest): string | undefined {
  const { Subpath = "" } = VolumeOptions ?? {};
  if (Subpath !== "" && Source === "") return "must not set Subpath when using anonymous volumes";
  return badSubpath(Subpath);
}

/** As Go's filepath.IsLocal: by its words it does not lead out. */
function badSubpath(path = ""): string | undefined {
  if (path === "") return undefined;
  const leadsOut = isAbsolute(path) || /^\.\.(?:\/|$)/.test(normalize(path));
  return leadsOut ? "subpath must be a relative path within the volume" : undefined;
}

function badTmpfs({ Source, TmpfsOptions }: MountRequest): string | undefined {
  if (Source !== "") return "field Source must not be specified";
  for (const words of TmpfsOptions?.Options ?? []) {
    const [word, ...rest] = words ?? [];
    if (word === undefined || rest.length > 1) return "invalid option array length";
    if (!tmpfsWords.includes(word)) return `invalid option: ${word}`;
  }
  return undefined;
}

function tmpfsOptions({ TmpfsOptions }: MountRequest): string {
  const { SizeBytes = 0, Mode = 0, Options } = TmpfsOptions ?? {};
  return [
    ...(Mode === 0 ? [] : [`mode=${Mode.toString(8)}`]),
    ...(SizeBytes === 0 ? [] : [`size=${SizeBytes}`]),
    ...(Options ?? []).map((words) => (words ?? []).join("=")),
  ].join(",");
}

type Common = Pick<Mount, "target" | "readOnly">;

async function bind({ Source, BindOptions }: MountRequest, common: Common): Promise<Mount> {
  const options = BindOptions ?? {};
  const { Propagation = "", CreateMountpoint = false } = options;
  const topOnly =
    options.NonRecursive === true
      ? ("seen" as const)
      : options.ReadOnlyNonRecursive === true
        ? ("read-only" as const)
        : undefined;
  const mount: Mount = {
    ...{ kind: "bind", source: normalize(Source), ...common, mode: "" },
    ...(CreateMountpoint ? { makesSource: true } : {}),
    ...(Propagation === "" ? {} : { propagation: Propagation }),
    ...(topOnly === undefined ? {} : { topOnly }),
    ...conflict(options, common),
  };
  await checkBindSource(mount);
  return mount;
}

/** Docker takes it at create, and refuses it at the start. */
function conflict(
  { ReadOnlyNonRecursive, ReadOnlyForceRecursive }: NonNullable<MountRequest["BindOptions"]>,
  { readOnly }: Common,
): Pick<Mount, "conflict"> {
  const [top, all] = [ReadOnlyNonRecursive === true, ReadOnlyForceRecursive === true];
  if (!readOnly && top) return { conflict: "!ReadOnly && BindOptions.ReadOnlyNonRecursive" };
  if (!readOnly && all) return { conflict: "!ReadOnly && BindOptions.ReadOnlyForceRecursive" };
  return top && all
    ? { conflict: "ReadOnlyNonRecursive && BindOptions.ReadOnlyForceRecursive" }
    : {};
}

function volume({ Source, VolumeOptions }: MountRequest, common: Common): Mount {
  const { NoCopy, Labels, Subpath, DriverConfig } = VolumeOptions ?? {};
  const making = {
    driver: DriverConfig?.Name ?? "",
    options: DriverConfig?.Options ?? null,
    labels: Labels ?? null,
  };
  const isPlain = making.driver === "" && making.options === null && making.labels === null;
  return {
    ...{ kind: "volume", source: "", ...common, mode: "z" },
    volume: Source === "" ? newId() : Source,
    ...(Source === "" ? { anonymous: true } : {}),
    ...(NoCopy === true ? { startsEmpty: true } : {}),
    ...subpathOf(Subpath),
    ...(isPlain ? {} : { making }),
  };
}

function subpathOf(subpath = ""): Pick<Mount, "subpath"> {
  return subpath === "" ? {} : { subpath };
}

function refused({ Type }: MountRequest, why: string): DvmError {
  return new DvmError("invalid", `invalid mount config for type ${JSON.stringify(Type)}: ${why}`);
}

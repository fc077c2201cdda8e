import { isAbsolute, join, resolve } from "node:path";
import { DvmError } from "../../base/errors.ts";
import { keyValues } from "./environment.ts";
import { parseBytes } from "../../base/parse-sizes.ts";

interface Volumes {
  /** HostConfig.Binds: `SOURCE:TARGET[:MODE]`. */
  binds: string[];
  /** Config.Volumes: targets of anonymous volumes. */
  anonymous: Record<string, object>;
}

/** A mount as HostConfig.Mounts has it. */
export interface Mount {
  Type: "bind" | "volume" | "tmpfs";
  Source?: string;
  Target: string;
  ReadOnly?: boolean;
  BindOptions?: { Propagation?: string; CreateMountpoint?: boolean };
  VolumeOptions?: { NoCopy?: boolean; Labels?: Record<string, string>; Subpath?: string };
  TmpfsOptions?: { SizeBytes?: number; Mode?: number };
}

/** `-v`: paths that start with `.` are taken from `cwd`, as docker's CLI does. */
export function readVolumes(specifications: readonly string[], cwd: string): Volumes {
  const volumes: Volumes = { binds: [], anonymous: {} };
  for (const specification of specifications) {
    const parts = specification.split(":");
    const [source = "", target, mode] = parts;
    if (parts.length > 3 || source === "")
      throw new DvmError(
        "invalid",
        `invalid spec: ${specification}: ${parts.length > 3 ? "too many colons" : "empty section between colons"}`,
      );
    if (target === undefined) volumes.anonymous[source] = {};
    else if (target === "" || mode === "")
      throw new DvmError("invalid", `invalid spec: ${specification}: empty section between colons`);
    else {
      const from = source.startsWith(".") ? resolve(cwd, source) : source;
      volumes.binds.push([from, target, ...(mode === undefined ? [] : [mode])].join(":"));
    }
  }
  return volumes;
}

/** `--tmpfs PATH[:OPTIONS]` → HostConfig.Tmpfs. */
export function readTmpfs(specifications: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    specifications.map((specification) => {
      const cut = specification.indexOf(":");
      return cut < 0
        ? [specification, ""]
        : [specification.slice(0, cut), specification.slice(cut + 1)];
    }),
  );
}

/** `--mount type=bind,source=/x,target=/y,readonly` (comma-separated, docker's keys). */
export function parseMount(specification: string, cwd: string): Mount {
  const fields = specification.split(",");
  const mount: Mount = { Type: "volume", Target: "" };
  for (const field of fields) {
    const cut = field.indexOf("=");
    const key = (cut < 0 ? field : field.slice(0, cut)).trim().toLowerCase();
    setMountField(mount, key, cut < 0 ? undefined : field.slice(cut + 1), cwd);
  }
  if (mount.Target === "") throw new DvmError("invalid", "target is required");
  if (mount.VolumeOptions !== undefined && mount.Type !== "volume")
    throw new DvmError("invalid", `cannot mix 'volume-*' options with mount type '${mount.Type}'`);
  if (mount.BindOptions !== undefined && mount.Type !== "bind")
    throw new DvmError("invalid", `cannot mix 'bind-*' options with mount type '${mount.Type}'`);
  if (mount.TmpfsOptions !== undefined && mount.Type !== "tmpfs")
    throw new DvmError("invalid", `cannot mix 'tmpfs-*' options with mount type '${mount.Type}'`);
  return mount;
}

const withoutValue = new Set(["readonly", "ro", "volume-nocopy", "bind-create-src"]);

function setMountField(mount: Mount, key: string, value: string | undefined, cwd: string): void {
  if (value === undefined && !withoutValue.has(key))
    throw new DvmError("invalid", `invalid field '${key}' must be a key=value pair`);
  const text = value ?? "true";
  switch (key) {
    case "type":
      mount.Type = mountType(text);
      break;
    case "source":
    case "src":
      mount.Source = text.startsWith(".") ? join(cwd, text) : text;
      break;
    case "target":
    case "dst":
    case "destination":
      if (!isAbsolute(text)) throw new DvmError("invalid", `mount path must be absolute: ${text}`);
      mount.Target = text;
      break;
    case "readonly":
    case "ro":
      mount.ReadOnly = booleanField(key, text);
      break;
    case "bind-propagation":
      (mount.BindOptions ??= {}).Propagation = text;
      break;
    case "volume-nocopy":
      (mount.VolumeOptions ??= {}).NoCopy = booleanField(key, text);
      break;
    case "volume-label": {
      const options = (mount.VolumeOptions ??= {});
      options.Labels = { ...options.Labels, ...keyValues([text]) };
      break;
    }
    case "volume-subpath":
      (mount.VolumeOptions ??= {}).Subpath = text;
      break;
    case "tmpfs-size":
      (mount.TmpfsOptions ??= {}).SizeBytes = parseBytes(text);
      break;
    case "tmpfs-mode":
      (mount.TmpfsOptions ??= {}).Mode = octalField(key, text);
      break;
    default:
      throw new DvmError("invalid", `unexpected key '${key}' in '${key}=${text}'`);
  }
}

function mountType(text: string): Mount["Type"] {
  const type = text.toLowerCase();
  if (type === "bind" || type === "volume" || type === "tmpfs") return type;
  throw new DvmError("invalid", `mount type '${text}' is none of bind, volume and tmpfs`);
}

function booleanField(key: string, text: string): boolean {
  if (["true", "1"].includes(text.toLowerCase())) return true;
  if (["false", "0"].includes(text.toLowerCase())) return false;
  throw new DvmError("invalid", `invalid value for ${key}: ${text}`);
}

function octalField(key: string, text: string): number {
  if (/^0?[0-7]{1,4}$/.test(text)) return Number.parseInt(text, 8);
  throw new DvmError("invalid", `invalid value for ${key}: ${text}`);
}

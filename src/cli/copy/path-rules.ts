import { posix } from "node:path";
import { DvmError } from "../../base/errors.ts";

/** One side of a copy: a path of a container, or of this host. */
export interface CopyPlace {
  container: string | undefined;
  path: string;
}

/** `CONTAINER:PATH`; what begins with `/` or `.`, or has no colon, is of this host. */
export function parsePlace(argument: string): CopyPlace {
  const colon = argument.indexOf(":");
  if (argument.startsWith("/") || argument.startsWith(".") || colon < 0)
    return { container: undefined, path: argument };
  return { container: argument.slice(0, colon), path: argument.slice(colon + 1) };
}

export interface CopySource {
  path: string;
  isFolder: boolean;
  /** What to call it, when a link of another name led to it. */
  name?: string | undefined;
}

export interface CopyTarget {
  path: string;
  exists: boolean;
  isFolder: boolean;
}

/** Into which folder, and under which name there; `.` or `/`: its content only. Docker's rules. */
export function placeCopy(
  source: CopySource,
  target: CopyTarget,
): { folder: string; name: string } {
  const { folder, name } = splitPath(target.path);
  if (target.exists && target.isFolder)
    return { folder: target.path, name: source.name ?? splitPath(source.path).name };
  if (target.exists && source.isFolder) throw new DvmError("invalid", "cannot copy directory");
  if (!target.exists && !source.isFolder && assertsFolder(target.path))
    throw new DvmError("not-found", "no such directory");
  return { folder, name };
}

/** Parent and last part; a `.` at the end is a part. */
export function splitPath(path: string): { folder: string; name: string } {
  const clean = cleanPath(path);
  const whole =
    isCurrent(path) && clean !== "." ? posix.join(clean, "x").slice(0, -1) + "." : clean;
  const folder = whole.endsWith("/.") ? whole.slice(0, -2) || "/" : posix.dirname(whole);
  return { folder, name: whole === "/" ? "/" : posix.basename(whole) };
}

/** Absolute and clean; a `/` or `/.` at its end keeps its meaning. */
export function resolveKeepingEnd(cwd: string, path: string): string {
  const full = cleanPath(posix.resolve(cwd, path));
  const plain = full === "/" ? "" : full;
  if (isCurrent(path)) return `${plain}/.`;
  return path.endsWith("/") ? `${plain}/` : full;
}

function cleanPath(path: string): string {
  return posix.normalize(path).replace(/(.)\/$/, "$1");
}

function isCurrent(path: string): boolean {
  return posix.basename(path) === ".";
}

function assertsFolder(path: string): boolean {
  return path.endsWith("/") || isCurrent(path);
}

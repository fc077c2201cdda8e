import { isAbsolute, normalize } from "node:path";
import { DvmError } from "../../base/errors.ts";

/** Where a mount is to be; fails where nothing can be mounted. */
export function cleanTarget(target: string): string {
  const why = badTarget(target);
  if (why !== undefined) throw new DvmError("invalid", why);
  return normalize(target).replace(/(.)\/$/, "$1");
}

/** In docker's words; undefined: it is none. */
export function badTarget(target: string): string | undefined {
  if (normalize(target) === "/") return "invalid specification: destination can't be '/'";
  return isAbsolute(target) ? undefined : notAbsolute(target);
}

export function notAbsolute(path: string): string {
  return `invalid mount path: '${path}' mount path must be absolute`;
}

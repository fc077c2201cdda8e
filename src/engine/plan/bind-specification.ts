import { isAbsolute } from "node:path";
import { DvmError } from "../../base/errors.ts";

/** What `-v` says: `TARGET`, `NAME:TARGET[:MODES]` or `/SOURCE:TARGET[:MODES]`. */
export interface BindSpecification {
  /** Empty: an anonymous volume. */
  source: string;
  target: string;
  /** Words as `ro,z`. */
  modes: string;
}

/** Kinds of modes; docker takes one of each. */
const kinds: readonly (readonly string[])[] = [
  ["rw", "ro"],
  ["z", "Z"],
  ["private", "rprivate", "shared", "rshared", "slave", "rslave"],
  ["nocopy"],
  ["consistent", "cached", "delegated"],
];
const forBindsOnly = new Set(kinds[2]);

/** Reads it by docker's rules (moby, volume/mounts/linux_parser.go), and refuses it in its words. */
export function parseBind(text: string): BindSpecification {
  const [first = "", ...rest] = text.split(":");
  const isTooLong = rest.length > 2;
  if (first === "" || isTooLong || (rest.length === 1 && isModes(rest[0] ?? "")))
    throw new DvmError("unclassified", `invalid volume specification: '${text}'`);
  const [target = first, modes = ""] = rest;
  const source = rest.length === 0 ? "" : first;
  if (!isModes(modes)) throw new DvmError("unclassified", `invalid mode: ${modes}`);
  const words = modes.split(",");
  const why = badMount(source, target, words);
  if (why !== undefined)
    throw new DvmError(
      "unclassified",
      `invalid volume specification: '${text}': invalid mount config for type "${typeOf(source)}": ${why}`,
    );
  return { source, target, modes };
}

/** Whether docker takes these words for modes, one of each kind at most. */
export function isModes(modes: string): boolean {
  if (modes === "") return true;
  const found = modes.split(",").map((mode) => kinds.findIndex((kind) => kind.includes(mode)));
  return !found.includes(-1) && new Set(found).size === found.length;
}

function badMount(source: string, target: string, modes: readonly string[]): string | undefined {
  if (target.replace(/\/+/g, "/") === "/") return "invalid specification: destination can't be '/'";
  if (!isAbsolute(target)) return `invalid mount path: '${target}' mount path must be absolute`;
  if (typeOf(source) === "bind" && modes.includes("nocopy"))
    return "field VolumeOptions must not be specified";
  if (typeOf(source) === "volume" && modes.some((mode) => forBindsOnly.has(mode)))
    return "field BindOptions must not be specified";
  return undefined;
}

function typeOf(source: string): "bind" | "volume" {
  return isAbsolute(source) ? "bind" : "volume";
}

import { stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ignore } from "../base/errors.ts";
import type { Finding } from "./finding.ts";

const gibibyte = 2 ** 30;
const littleSpaceBytes = 5 * gibibyte;
const leastSpaceBytes = gibibyte / 2;
/** sockaddr_un holds 107 bytes of path, of which a machine's sockets take the end. */
const longestRunRoot = 107 - "/machines/0123456789ab/connections.sock".length;

/** Free space where images and containers lie. */
export async function diskSpaceFinding(dataRoot: string): Promise<Finding> {
  const part = "Disk space";
  const { bavail, bsize } = await statfs(await existingFolder(dataRoot));
  const free = bavail * bsize;
  const fact = `${(free / gibibyte).toFixed(1)} GiB free for ${dataRoot}`;
  if (free >= littleSpaceBytes) return { part, state: "found", fact };
  return {
    part,
    state: free < leastSpaceBytes ? "missing" : "warning",
    fact,
    consequence: "larger images won't load, and containers may find their disks full",
    remedy: "dvm rm and dvm rmi what isn't used, or set DVM_DATA_ROOT to a larger disk",
  };
}

async function existingFolder(path: string): Promise<string> {
  const found = await ignore("ENOENT", () => stat(path));
  return found === undefined ? await existingFolder(dirname(path)) : path;
}

interface PlacesInput {
  dataRoot: string;
  runRoot: string;
  environment: Record<string, string | undefined>;
}

/** Where things lie, and what moved them there. */
export function placesFinding({ dataRoot, runRoot, environment }: PlacesInput): Finding {
  const part = "Places";
  const moved = ["DVM_DATA_ROOT", "DVM_RUN_ROOT", "DVM_HOST"].filter(
    (name) => (environment[name] ?? "") !== "",
  );
  const by = moved.length === 0 ? "" : ` (set: ${moved.join(", ")})`;
  const fact = `data in ${dataRoot}, run-time files in ${runRoot}${by}`;
  if (Buffer.byteLength(runRoot) <= longestRunRoot) return { part, state: "found", fact };
  return {
    part,
    state: "missing",
    fact: `${fact}; the latter is longer than ${longestRunRoot} bytes`,
    consequence: "no machine can start: Linux bounds the paths of sockets",
    remedy: `set DVM_RUN_ROOT to a shorter path, as in ${join("/tmp", "dvm")}`,
  };
}

export function rightsFinding(uid: number): Finding {
  const part = "User rights";
  if (uid === 0) return { part, state: "found", fact: "root" };
  return {
    part,
    state: "found",
    fact: `ordinary user ${uid}`,
    consequence:
      "files that containers write to binds belong to you; host ports below 1024 can't be published",
  };
}

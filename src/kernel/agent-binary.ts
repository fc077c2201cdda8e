import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, readdir, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DvmError, ignore } from "../base/errors.ts";
import { findCompiler, makeVariables } from "../host/compiler.ts";
import { runTool } from "../host/run-tool.ts";
import { temporaryFolder } from "../host/temporary-folder.ts";
import { findTool } from "../host/tools.ts";

const guestFolder = fileURLToPath(new URL("../../guest", import.meta.url));
const hint = "run: dvm setup (it needs make, and gcc with libc6-dev or musl-tools)";

/**
 * The static executable that becomes /init. `build/agent` of the sources where it is newer than
 * all of them; else one built in the data root, since the checkout may be read-only or another
 * user's, and two may ask at once.
 */
export async function agentBinary(dataRoot: string, sources = guestFolder): Promise<string> {
  const { path, exists, names } = await locate(dataRoot, sources);
  if (!exists) await build(dataRoot, { sources, names, target: path });
  return path;
}

/** Whether there is an agent already, so that no compiler is needed. */
export async function hasAgentBinary(dataRoot: string, sources = guestFolder): Promise<boolean> {
  return (await locate(dataRoot, sources)).exists;
}

interface Location {
  path: string;
  exists: boolean;
  /** Files that it is made of. */
  names: string[];
}

async function locate(dataRoot: string, sources: string): Promise<Location> {
  const names = (await readdir(sources)).filter((name) => /\.[ch]$|^Makefile$/.test(name)).sort();
  const built = join(sources, "build/agent");
  if (await isNewer(built, sources, names)) return { path: built, exists: true, names };
  const digest = await sourcesDigest(sources, names);
  const path = join(dataRoot, "agent", digest.slice(0, 16), "agent");
  return { path, exists: (await modifiedAt(path)) !== undefined, names };
}

interface Build {
  sources: string;
  names: string[];
  target: string;
}

async function build(dataRoot: string, { sources, names, target }: Build): Promise<void> {
  const make = await findTool(dataRoot, "make");
  const compiler = await findCompiler(dataRoot);
  if (make === undefined || compiler === undefined) {
    const fact = `${make === undefined ? "make" : "a C compiler"} is not installed`;
    throw new DvmError("unavailable", `cannot build the guest's agent: ${fact}`, { hint });
  }
  await using work = await temporaryFolder(dataRoot, "agent");
  for (const name of names) await copyFile(join(sources, name), join(work.path, name));
  const words = ["-s", "-C", work.path, ...makeVariables(dataRoot, compiler), "build/agent"];
  const environment = { ...make.environment, ...compiler.environment };
  await runTool(make.path, words, { purpose: "build the guest's agent", hint, environment });
  await mkdir(dirname(target), { recursive: true });
  await rename(join(work.path, "build/agent"), target);
}

async function isNewer(built: string, sources: string, names: string[]): Promise<boolean> {
  const madeAt = await modifiedAt(built);
  if (madeAt === undefined) return false;
  const times = await Promise.all(names.map((name) => modifiedAt(join(sources, name))));
  return times.every((time) => time === undefined || time <= madeAt);
}

async function modifiedAt(path: string): Promise<number | undefined> {
  return (await ignore("ENOENT", () => stat(path)))?.mtimeMs;
}

async function sourcesDigest(sources: string, names: string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const name of names) {
    hash.update(`${name}\0`);
    hash.update(await readFile(join(sources, name)));
  }
  return hash.digest("hex");
}

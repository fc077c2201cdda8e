import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, readdir, rename, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DvmError, ignore } from "../base/errors.ts";
import { findCompiler, makeVariables } from "./compiler.ts";
import { runTool } from "./run-tool.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { findTool } from "./tools.ts";

const hint = "run: dvm setup (it needs make, and gcc with libc6-dev or musl-tools)";

/** A file that a Makefile of ours makes of C, as `build/NAME` of its folder. */
export interface BinarySources {
  folder: string;
  name: string;
  /** For a person: "the guest's agent". */
  what: string;
}

/**
 * The path of what is made of `sources`: `build/NAME` beside them where it is newer than all of
 * them; else one that is made in the data root, since the checkout may be read-only or another
 * user's, and two may ask at once.
 */
export async function madeBinary(dataRoot: string, sources: BinarySources): Promise<string> {
  const { path, exists, names } = await locate(dataRoot, sources);
  if (!exists) await build(dataRoot, { sources, names, target: path });
  return path;
}

/** Whether it is made already, so that no compiler is needed. */
export async function isMade(dataRoot: string, sources: BinarySources): Promise<boolean> {
  return (await locate(dataRoot, sources)).exists;
}

interface Location {
  path: string;
  exists: boolean;
  /** Files that it is made of. */
  names: string[];
}

async function locate(dataRoot: string, { folder, name }: BinarySources): Promise<Location> {
  const all = await readdir(folder);
  const names = all.filter((one) => /\.[ch]$|^Makefile$/.test(one)).sort();
  const built = join(folder, "build", name);
  if (await isNewer(built, folder, names)) return { path: built, exists: true, names };
  const digest = await sourcesDigest(folder, names);
  const path = join(dataRoot, basename(name, ".so"), digest.slice(0, 16), name);
  return { path, exists: (await modifiedAt(path)) !== undefined, names };
}

interface Build {
  sources: BinarySources;
  names: string[];
  target: string;
}

async function build(dataRoot: string, { sources, names, target }: Build): Promise<void> {
  const { folder, name, what } = sources;
  const make = await findTool(dataRoot, "make");
  const compiler = await findCompiler(dataRoot);
  if (make === undefined || compiler === undefined) {
    const fact = `${make === undefined ? "make" : "a C compiler"} is not installed`;
    throw new DvmError("unavailable", `cannot build ${what}: ${fact}`, { hint });
  }
  await using work = await temporaryFolder(dataRoot, "build");
  for (const one of names) await copyFile(join(folder, one), join(work.path, one));
  const words = ["-s", "-C", work.path, ...makeVariables(dataRoot, compiler), `build/${name}`];
  const environment = { ...make.environment, ...compiler.environment };
  await runTool(make.path, words, { purpose: `build ${what}`, hint, environment });
  await mkdir(dirname(target), { recursive: true });
  await rename(join(work.path, "build", name), target);
}

async function isNewer(built: string, folder: string, names: string[]): Promise<boolean> {
  const madeAt = await modifiedAt(built);
  if (madeAt === undefined) return false;
  const times = await Promise.all(names.map((name) => modifiedAt(join(folder, name))));
  return times.every((time) => time === undefined || time <= madeAt);
}

async function modifiedAt(path: string): Promise<number | undefined> {
  return (await ignore("ENOENT", () => stat(path)))?.mtimeMs;
}

async function sourcesDigest(folder: string, names: string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const name of names) {
    hash.update(`${name}\0`);
    hash.update(await readFile(join(folder, name)));
  }
  return hash.digest("hex");
}

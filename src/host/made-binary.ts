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
  /** A folder beside it of whose C it is made, too. */
  besides?: string;
}

/**
 * The path of what is made of `sources`: `build/NAME` beside them where it is newer than all of
 * them; else one that is made in the data root, since the checkout may be read-only or another
 * user's, and two may ask at once.
 */
export async function madeBinary(dataRoot: string, sources: BinarySources): Promise<string> {
  const { path, exists, files } = await locate(dataRoot, sources);
  if (!exists) await build(dataRoot, { sources, files, target: path });
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
  files: string[];
}

async function locate(dataRoot: string, sources: BinarySources): Promise<Location> {
  const { folder, name, besides } = sources;
  const files = await sourcesIn(folder, /\.[ch]$|^Makefile$/);
  if (besides !== undefined) files.push(...(await sourcesIn(besides, /\.[ch]$/)));
  const built = join(folder, "build", name);
  if (await isNewer(built, files)) return { path: built, exists: true, files };
  const digest = await sourcesDigest(files);
  const path = join(dataRoot, basename(name, ".so"), digest.slice(0, 16), name);
  return { path, exists: (await modifiedAt(path)) !== undefined, files };
}

async function sourcesIn(folder: string, pattern: RegExp): Promise<string[]> {
  const names = (await readdir(folder)).filter((one) => pattern.test(one)).sort();
  return names.map((name) => join(folder, name));
}

interface Build {
  sources: BinarySources;
  files: string[];
  target: string;
}

async function build(dataRoot: string, { sources, files, target }: Build): Promise<void> {
  const { folder, name, what } = sources;
  const make = await findTool(dataRoot, "make");
  const compiler = await findCompiler(dataRoot);
  if (make === undefined || compiler === undefined) {
    const fact = `${make === undefined ? "make" : "a C compiler"} is not installed`;
    throw new DvmError("unavailable", `cannot build ${what}: ${fact}`, { hint });
  }
  await using work = await temporaryFolder(dataRoot, "build");
  for (const one of files) await copyInto(work.path, one);
  const place = join(work.path, basename(folder));
  const words = ["-s", "-C", place, ...makeVariables(dataRoot, compiler), `build/${name}`];
  const environment = { ...make.environment, ...compiler.environment };
  await runTool(make.path, words, { purpose: `build ${what}`, hint, environment });
  await mkdir(dirname(target), { recursive: true });
  await rename(join(place, "build", name), target);
}

/** In a folder of the same name as that which it comes from: they find each other by it. */
async function copyInto(folder: string, file: string): Promise<void> {
  const place = join(folder, basename(dirname(file)));
  await mkdir(place, { recursive: true });
  await copyFile(file, join(place, basename(file)));
}

async function isNewer(built: string, files: string[]): Promise<boolean> {
  const madeAt = await modifiedAt(built);
  if (madeAt === undefined) return false;
  const times = await Promise.all(files.map(modifiedAt));
  return times.every((time) => time === undefined || time <= madeAt);
}

async function modifiedAt(path: string): Promise<number | undefined> {
  return (await ignore("ENOENT", () => stat(path)))?.mtimeMs;
}

async function sourcesDigest(files: string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) {
    hash.update(`${basename(file)}\0`);
    hash.update(await readFile(file));
  }
  return hash.digest("hex");
}

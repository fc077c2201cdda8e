import { copyFile, mkdir, readdir, rename, stat } from "node:fs/promises";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ignore } from "../base/errors.ts";
import { runTool } from "../host/run-tool.ts";
import { temporaryFolder } from "../host/temporary-folder.ts";

const guestFolder = fileURLToPath(new URL("../../guest", import.meta.url));

/**
 * The static executable that becomes /init. `build/agent` of the sources where it is newer than
 * all of them; else one built in the data root, since the checkout may be read-only or another
 * user's, and two may ask at once.
 */
export async function agentBinary(dataRoot: string, sources = guestFolder): Promise<string> {
  const built = join(sources, "build/agent");
  const names = await sourceNames(sources);
  if (await isNewerThan(built, sources, names)) return built;
  const digest = await sourcesDigest(sources, names);
  const target = join(dataRoot, "agent", digest.slice(0, 16), "agent");
  if ((await ignore("ENOENT", () => stat(target))) !== undefined) return target;
  await buildAgent(dataRoot, { sources, names, target });
  return target;
}

/** Whether there is an agent already, so that no compiler is needed. */
export async function hasAgentBinary(dataRoot: string, sources = guestFolder): Promise<boolean> {
  const names = await sourceNames(sources);
  if (await isNewerThan(join(sources, "build/agent"), sources, names)) return true;
  const digest = await sourcesDigest(sources, names);
  const target = join(dataRoot, "agent", digest.slice(0, 16), "agent");
  return (await ignore("ENOENT", () => stat(target))) !== undefined;
}

interface Build {
  sources: string;
  names: string[];
  target: string;
}

async function buildAgent(dataRoot: string, { sources, names, target }: Build): Promise<void> {
  await using work = await temporaryFolder(dataRoot, "agent");
  for (const name of names) await copyFile(join(sources, name), join(work.path, name));
  await runTool("make", ["-s", "-C", work.path, "build/agent"], {
    purpose: "build the guest's agent",
    hint: "run: dvm setup (it needs make, and musl-tools or gcc with libc6-dev)",
  });
  await mkdir(dirname(target), { recursive: true });
  await rename(join(work.path, "build/agent"), target);
}

async function sourceNames(sources: string): Promise<string[]> {
  const names = await readdir(sources);
  return names.filter((name) => /\.[ch]$|^Makefile$/.test(name)).sort();
}

async function isNewerThan(built: string, sources: string, names: string[]): Promise<boolean> {
  const madeAt = (await ignore("ENOENT", () => stat(built)))?.mtimeMs;
  if (madeAt === undefined) return false;
  for (const name of names) {
    if ((await stat(join(sources, name))).mtimeMs > madeAt) return false;
  }
  return true;
}

async function sourcesDigest(sources: string, names: string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const name of names) {
    hash.update(`${name}\0`);
    hash.update(await readFile(join(sources, name)));
  }
  return hash.digest("hex");
}

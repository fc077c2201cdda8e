import { createHash } from "node:crypto";
import { readFile, readdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { ignore } from "../base/errors.ts";
import { writeAtomically } from "../host/write-atomically.ts";
import { cpioArchive, type CpioEntry } from "./cpio.ts";
import type { StoredKernel } from "./kernel.ts";

/** Change it when the same inputs give another archive. */
const layoutVersion = 1;
/** A start that has just chosen an older archive has read it by then. */
const keepOldMs = 3_600_000;

interface InitramfsInput {
  /** A static executable; becomes /init. */
  agentPath: string;
  /** Become /modules/`name`, which the agent loads in the order of their names. */
  modules: { name: string; path: string }[];
}

/** The path of the initramfs for `kernel` and this agent; made once for the same contents. */
export async function storedInitramfs(
  dataRoot: string,
  kernel: StoredKernel,
  agentPath: string,
): Promise<string> {
  const key = createHash("sha256")
    .update(`${layoutVersion} ${kernel.digest} ${kernel.builtAt} ${kernel.modules.join(" ")}\n`)
    .update(await readFile(agentPath))
    .digest("hex")
    .slice(0, 16);
  const folder = join(dataRoot, "initramfs");
  const family = `${basename(kernel.folder)}-`;
  const path = join(folder, `${family}${key}.cpio`);
  if ((await ignore("ENOENT", () => stat(path))) !== undefined) return path;
  const modules = kernel.modules.map((name) => ({
    name,
    path: join(kernel.folder, "modules", name),
  }));
  await writeAtomically(path, await buildInitramfs({ agentPath, modules }));
  await removeOld(folder, family, path);
  return path;
}

/** The first file system of a guest: the agent, its modules and a console, nothing else. */
export async function buildInitramfs({ agentPath, modules }: InitramfsInput): Promise<Buffer> {
  const entries: CpioEntry[] = [
    ...["dev", "modules", "proc", "sys"].map((path): CpioEntry => ({
      kind: "folder",
      path,
      mode: 0o755,
    })),
    { kind: "character-device", path: "dev/console", mode: 0o600, major: 5, minor: 1 },
    { kind: "file", path: "init", mode: 0o755, content: await readFile(agentPath) },
  ];
  for (const { name, path } of modules) {
    const content = await readFile(path);
    entries.push({ kind: "file", path: `modules/${name}`, mode: 0o644, content });
  }
  return cpioArchive(entries);
}

async function removeOld(folder: string, family: string, current: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (!name.startsWith(family) || path === current) continue;
    const made = await ignore("ENOENT", () => stat(path));
    if (made !== undefined && Date.now() - made.mtimeMs > keepOldMs)
      await rm(path, { force: true });
  }
}

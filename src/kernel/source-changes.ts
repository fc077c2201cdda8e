import { appendFile, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { DvmError, ignore } from "../base/errors.ts";
import { runTool } from "../host/run-tool.ts";
import { appliesTo } from "./kernel-feature.ts";
import { readTreeVersion } from "./kernel-version.ts";

/** What of our own goes into each kernel. */
export interface SourceChanges {
  /** C files of kernel/source, compiled beside the processor's own code. */
  additions: SourceFile[];
  /** Of kernel/patches: differences of files of Linux. */
  patches: SourceFile[];
}

interface SourceFile {
  path: string;
  name: string;
  text: string;
}

/** `from` is where kernel/ lies. */
export async function readSourceChanges(from: string): Promise<SourceChanges> {
  return {
    additions: await readFiles(join(from, "source"), ".c"),
    patches: await readFiles(join(from, "patches"), ".patch"),
  };
}

async function readFiles(folder: string, suffix: string): Promise<SourceFile[]> {
  const names = (await ignore("ENOENT", () => readdir(folder))) ?? [];
  const read = names
    .filter((name) => name.endsWith(suffix))
    .sort()
    .map(async (name) => {
      const path = join(folder, name);
      return { path, name, text: await readFile(path, "utf8") };
    });
  return await Promise.all(read);
}

/**
 * Makes them in unpacked sources; each patch has to fit exactly, but for its lines' numbers. One
 * with a line `Linux: since 6.9 until 6.12` in front is for these versions only.
 */
export async function applySourceChanges(
  tree: string,
  { additions, patches }: SourceChanges,
  signal: AbortSignal | undefined,
): Promise<void> {
  const version = await readTreeVersion(tree);
  const folder = join(tree, "arch/x86/kernel");
  for (const { name, text } of additions) {
    await appendFile(join(folder, name), text);
    await appendFile(join(folder, "Makefile"), `\nobj-y += ${name.replace(/\.c$/, ".o")}\n`);
  }
  for (const patch of patches)
    if (appliesTo(versionsOf(patch), version)) await applyPatch(tree, patch, signal);
}

function versionsOf({ text }: SourceFile): { since?: string; until?: string } {
  const line = /^Linux:(?: since (?<since>\d+\.\d+))?(?: until (?<until>\d+\.\d+))?$/m;
  return line.exec(text)?.groups ?? {};
}

async function applyPatch(
  tree: string,
  { path, name }: SourceFile,
  signal: AbortSignal | undefined,
): Promise<void> {
  const words = ["-p1", "--batch", "--forward", "--fuzz=0", "-d", tree, "-i", path];
  await runTool("patch", words, { purpose: `apply ${name}`, signal }).catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw new DvmError("unsupported", `cannot build a kernel: ${name} does not fit its source`, {
      cause,
      hint: "kernel/patches are known to fit Linux 6.1, 6.12 and 7.2",
    });
  });
}

/** All that changes with them, and not with the folder that they lie in. */
export function describeSourceChanges({ additions, patches }: SourceChanges): unknown {
  return [...additions, ...patches].map(({ name, text }) => [name, text]);
}

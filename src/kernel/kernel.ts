import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ignore } from "../base/errors.ts";
import { parseKernelRecord, type KernelRecord } from "./kernel-record.ts";

/** A kernel that machines can start. */
export interface Kernel {
  /** `stock`, `hyper` or `custom`. */
  name: string;
  /** The bzImage. */
  path: string;
  release: string;
  /** `sha256:…` of the bzImage. */
  digest: string;
  /** A cpio archive that fits it: the agent, and the modules it needs. */
  initramfs: string;
  /** How virtio-mmio devices are announced to it. */
  discovery: "acpi" | "cmdline";
  sizeBytes: number;
}

/** A kernel in the store, without the initramfs, which changes with the agent. */
export interface StoredKernel extends KernelRecord {
  folder: string;
  path: string;
}

/** Every kernel of the data root; what a crash left half-made is not one. */
export async function storedKernels(dataRoot: string): Promise<StoredKernel[]> {
  const root = kernelsRoot(dataRoot);
  const names = (await ignore("ENOENT", () => readdir(root))) ?? [];
  const kernels: StoredKernel[] = [];
  for (const name of names.filter((name) => !name.startsWith("."))) {
    const kernel = await readStoredKernel(join(root, name));
    if (kernel !== undefined) kernels.push(kernel);
  }
  return kernels.sort((a, b) => b.builtAt.localeCompare(a.builtAt));
}

export async function readStoredKernel(folder: string): Promise<StoredKernel | undefined> {
  const text = await ignore("ENOENT", () => readFile(join(folder, "kernel.json"), "utf8"));
  if (text === undefined) return undefined;
  return {
    ...parseKernelRecord(text, folder),
    folder,
    path: join(folder, "bzImage"),
  };
}

/** Writes kernel.json beside the bzImage of `folder`, then moves the folder to its final name. */
export async function storeKernel(
  folder: string,
  target: string,
  record: Omit<KernelRecord, "digest" | "sizeBytes" | "builtAt">,
): Promise<StoredKernel> {
  const path = join(folder, "bzImage");
  const full: KernelRecord = {
    ...record,
    digest: await digestOf(path),
    sizeBytes: (await stat(path)).size,
    builtAt: new Date().toISOString(),
  };
  await writeFile(join(folder, "kernel.json"), `${JSON.stringify(full, undefined, 2)}\n`);
  await mkdir(join(target, ".."), { recursive: true });
  await rm(target, { recursive: true, force: true });
  await rename(folder, target);
  return { ...full, folder: target, path: join(target, "bzImage") };
}

export function kernelsRoot(dataRoot: string): string {
  return join(dataRoot, "kernels");
}

export async function digestOf(path: string): Promise<string> {
  return `sha256:${createHash("sha256")
    .update(await readFile(path))
    .digest("hex")}`;
}

import { createHash } from "node:crypto";
import { mkdir, open, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { DvmError, ignore, systemErrorCode } from "../base/errors.ts";
import { parseKernelRecord, type KernelRecord } from "./kernel-record.ts";

/** A kernel that machines can start. */
export interface Kernel {
  /** Of its recipe, `stock` or `custom`. */
  name: string;
  /** What a VMM is given: the unpacked kernel where there is one, else the bzImage. */
  path: string;
  release: string;
  /** `sha256:…` of the bzImage. */
  digest: string;
  /** A cpio archive that fits it: the agent, and the modules it needs. */
  initramfs: string;
  /** How virtio-mmio devices are announced to it. */
  discovery: "acpi" | "cmdline";
  sizeBytes: number;
  /** How many processors it can use; undefined: as many as a machine may have. */
  maximumCpus?: number;
  /** It can refuse a container devices by rules; undefined: not for all that is known. */
  judgesDevices?: boolean;
}

/** A kernel in the store, without the initramfs, which changes with the agent. */
export interface StoredKernel extends KernelRecord {
  /** Its folder's name: what it is, and the digest of what it was made of. */
  id: string;
  folder: string;
  /** The bzImage. */
  path: string;
}

/** The kernel as an ELF file that is entered by PVH, so that nothing has to be unpacked at a start. */
export const unpackedImage = "vmlinux";
const recordFile = "kernel.json";
const pieceBytes = 2 ** 18;

/** Every kernel of the data root, the latest first; what a crash left half-made is not one. */
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
  const text = await ignore("ENOENT", () => readFile(join(folder, recordFile), "utf8"));
  if (text === undefined) return undefined;
  return {
    ...parseKernelRecord(text, folder),
    id: basename(folder),
    folder,
    path: join(folder, "bzImage"),
  };
}

/**
 * Writes kernel.json beside the bzImage of `folder`, then moves the folder to its final name: a
 * kernel is in the store whole or not at all, also after a crash.
 */
export async function storeKernel(
  folder: string,
  target: string,
  record: Omit<KernelRecord, "digest" | "sizeBytes" | "builtAt" | "files">,
): Promise<StoredKernel> {
  const path = join(folder, "bzImage");
  const files = await fileDigests(folder);
  const full: KernelRecord = {
    ...record,
    digest: await digestOf(path),
    sizeBytes: (await stat(path)).size,
    builtAt: new Date().toISOString(),
    files,
  };
  await writeFile(join(folder, recordFile), `${JSON.stringify(full, undefined, 2)}\n`);
  for (const name of [...Object.keys(files), recordFile]) await syncFile(join(folder, name));
  await mkdir(join(target, ".."), { recursive: true });
  return await placeKernel(folder, target);
}

/** Who has stored the same meanwhile was quicker; what a crash has left there goes. */
async function placeKernel(folder: string, target: string): Promise<StoredKernel> {
  for (;;) {
    const isTaken = await rename(folder, target).then(
      () => false,
      (error: unknown) => {
        if (!["ENOTEMPTY", "EEXIST"].includes(systemErrorCode(error) ?? "")) throw error;
        return true;
      },
    );
    const stored = await readStoredKernel(target);
    if (stored !== undefined) return stored;
    if (!isTaken) throw new DvmError("internal", `cannot store kernel ${target}: it is gone`);
    await rm(target, { recursive: true, force: true });
  }
}

/** `sha256:…` of each file below `folder` but its record, by path. */
export async function fileDigests(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const digests: Record<string, string> = {};
  for (const entry of entries.filter((entry) => entry.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1);
    if (name !== recordFile) digests[name] = await digestOf(path);
  }
  return digests;
}

async function syncFile(path: string): Promise<void> {
  await using file = await open(path, "r");
  await file.sync();
}

/** Fails for a kernel of another VMM, which lacks the drivers of its machines. */
export function requireFeatures(kernel: KernelRecord, features: readonly string[]): void {
  if (hasFeatures(kernel, features)) return;
  throw new DvmError(
    "unsupported",
    `cannot use kernel ${kernel.name}: it is for machines of another VMM`,
    { hint: `DVM's machines need kernels with ${features.join(", ")}, as hyper has, or stock` },
  );
}

/** Of a kernel that was not built here nobody knows what it lacks. */
export function hasFeatures(
  { built }: Pick<KernelRecord, "built">,
  features: readonly string[],
): boolean {
  return built === undefined || features.every((feature) => built.features.includes(feature));
}

export function kernelsRoot(dataRoot: string): string {
  return join(dataRoot, "kernels");
}

/** Reads by one buffer over and over: the daemon's memory stays as it is. */
export async function digestOf(path: string): Promise<string> {
  await using file = await open(path, "r");
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(pieceBytes);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, pieceBytes, null);
    if (bytesRead === 0) return `sha256:${hash.digest("hex")}`;
    hash.update(buffer.subarray(0, bytesRead));
  }
}

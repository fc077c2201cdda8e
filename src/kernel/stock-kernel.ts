import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { DvmError } from "../base/errors.ts";
import { downloadPackage, packageDependency, unpackPackage } from "../host/apt.ts";
import { temporaryFolder } from "../host/temporary-folder.ts";
import { readKernelRelease } from "./bzimage.ts";
import { kernelsRoot, readStoredKernel, storeKernel, type StoredKernel } from "./kernel.ts";
import { copyModules, wantedModules } from "./modules.ts";

/** The distribution's general kernel. */
const metaPackage = "linux-image-amd64";

interface InstallOptions {
  onProgress?: ((text: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Unpacks the distribution's kernel into the data root; nothing is installed on the host. */
export async function installStockKernel(
  dataRoot: string,
  { onProgress, signal }: InstallOptions = {},
): Promise<StoredKernel> {
  const packageName = await packageDependency(metaPackage, /^linux-image-\d/, { dataRoot });
  const target = join(kernelsRoot(dataRoot), `stock-${packageName.replace(/^linux-image-/, "")}`);
  const present = await readStoredKernel(target);
  if (present !== undefined) return present;
  await using work = await temporaryFolder(dataRoot, "stock-kernel");
  onProgress?.(`downloading ${packageName}`);
  const archive = await downloadPackage(packageName, work.path, { dataRoot, signal });
  onProgress?.(`unpacking ${packageName}`);
  const unpacked = join(work.path, "unpacked");
  await unpackPackage(archive, unpacked, signal);
  return await takeKernel(unpacked, join(work.path, "kernel"), target, packageName);
}

async function takeKernel(
  unpacked: string,
  folder: string,
  target: string,
  packageName: string,
): Promise<StoredKernel> {
  const image = (await readdir(join(unpacked, "boot"))).find((name) => name.startsWith("vmlinuz-"));
  if (image === undefined)
    throw new DvmError("unavailable", `cannot use ${packageName}: it holds no /boot/vmlinuz`);
  await mkdir(join(folder, "modules"), { recursive: true });
  await copyFile(join(unpacked, "boot", image), join(folder, "bzImage"));
  const release = await readKernelRelease(join(folder, "bzImage"));
  const available = join(unpacked, "lib/modules", release);
  const modules = await copyModules(available, wantedModules, folder);
  await rm(unpacked, { recursive: true });
  // Debian's kernels don't read virtio-mmio devices from the command line
  const record = {
    name: "stock",
    release,
    discovery: "acpi" as const,
    source: packageName,
    modules,
  };
  return await storeKernel(folder, target, record);
}

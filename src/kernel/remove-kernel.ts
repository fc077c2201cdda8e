import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { DvmError, ignore } from "../base/errors.ts";
import { defaultKernel, readDefaultKernel, writeDefaultKernel } from "./default-kernel.ts";
import { kernelsRoot, type StoredKernel } from "./kernel.ts";
import { forgetImage } from "./unchanged-image.ts";

/** Takes a kernel out of the store; machines that run it go on. `force`: also the one that was set as default. */
export async function removeKernel(
  dataRoot: string,
  { id, folder }: StoredKernel,
  { force }: { force: boolean },
): Promise<void> {
  const chosen = await readDefaultKernel(dataRoot);
  const isDefault = chosen !== undefined && (await defaultKernel(dataRoot))?.id === id;
  if (isDefault && !force) {
    throw new DvmError("conflict", `cannot remove kernel ${id}: it is the default`, {
      hint: "choose another by dvm kernel use, or give --force",
    });
  }
  // seen whole or not at all, whenever this is stopped
  const gone = join(kernelsRoot(dataRoot), `.${id}.removed`);
  await rm(gone, { recursive: true, force: true });
  await rename(folder, gone);
  await rm(gone, { recursive: true, force: true });
  await forgetImage(dataRoot, id);
  await removeInitramfs(dataRoot, id);
  if (isDefault) await writeDefaultKernel(dataRoot, undefined);
}

async function removeInitramfs(dataRoot: string, id: string): Promise<void> {
  const folder = join(dataRoot, "initramfs");
  const names = (await ignore("ENOENT", () => readdir(folder))) ?? [];
  for (const name of names)
    if (name.startsWith(`${id}-`)) await rm(join(folder, name), { force: true });
}

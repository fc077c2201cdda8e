import { copyFile, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { ignore } from "../base/errors.ts";
import { temporaryFolder } from "../host/temporary-folder.ts";
import { readKernelRelease } from "./bzimage.ts";
import { guessDiscovery } from "./discovery.ts";
import {
  digestOf,
  kernelsRoot,
  readStoredKernel,
  storeKernel,
  type StoredKernel,
} from "./kernel.ts";
import { copyModules, wantedModules } from "./modules.ts";

/**
 * Takes a kernel of the user's own into the store, once for each content. It must be a bzImage.
 * What it has as modules is taken from /lib/modules of its release when that is there; else all
 * that a machine needs must be built in.
 */
export async function storeCustomKernel(dataRoot: string, path: string): Promise<StoredKernel> {
  const release = await readKernelRelease(path);
  const digest = await digestOf(path);
  const modulesFolder = join("/lib/modules", release);
  const hasModules =
    (await ignore("ENOENT", () => stat(join(modulesFolder, "modules.builtin")))) !== undefined;
  const suffix = hasModules ? "-modules" : "";
  const target = join(kernelsRoot(dataRoot), `custom-${digest.slice(7, 23)}${suffix}`);
  const present = await readStoredKernel(target);
  if (present !== undefined) return present;
  await using work = await temporaryFolder(dataRoot, "custom-kernel");
  const folder = join(work.path, "kernel");
  await mkdir(folder);
  await copyFile(path, join(folder, "bzImage"));
  return await storeKernel(folder, target, {
    name: "custom",
    release,
    discovery: await guessDiscovery(dataRoot, path),
    source: path,
    modules: hasModules ? await copyModules(modulesFolder, wantedModules, folder) : [],
  });
}

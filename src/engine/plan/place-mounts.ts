import { mkdir, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { DvmError } from "../../base/errors.ts";
import { isVolumeEmpty } from "../../storage/volumes.ts";
import type { Engine } from "../core.ts";
import type { Mount } from "../records.ts";
import { ensureVolume } from "../volumes.ts";
import type { PlacedMount } from "./machine-plan.ts";
import { checkBindSource } from "./mounts.ts";

/** Finds, for this run, where on the host each bind and volume is; `folder` is the machine's own. */
export async function placeMounts(
  engine: Engine,
  mounts: readonly Mount[],
  folder: string,
): Promise<PlacedMount[]> {
  const placed: PlacedMount[] = [];
  const isRoot = process.getuid?.() === 0;
  const hasBinds = mounts.some(({ kind }) => kind === "bind");
  if (hasBinds) await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [index, mount] of mounts.entries()) {
    if (mount.kind === "tmpfs") continue;
    const files = join(folder, "files", String(index));
    if (mount.kind === "volume") placed.push(await placeVolume(engine, mount, isRoot));
    else placed.push(await placeBind(mount, { files, isRoot }));
  }
  return placed;
}

async function placeVolume(engine: Engine, mount: Mount, isRoot: boolean): Promise<PlacedMount> {
  const { volume = "", anonymous = false } = mount;
  const folder = await ensureVolume(engine, volume, anonymous);
  const populate = await isVolumeEmpty(engine.parts.places.dataRoot, volume);
  return { mount, folder, populate, owners: isRoot ? "real" : "mapped" };
}

/** A folder is shared as it is; a file alone, in a folder of its own, so that its siblings stay unseen. */
async function placeBind(
  mount: Mount,
  { files: folder, isRoot }: { files: string; isRoot: boolean },
): Promise<PlacedMount> {
  await checkBindSource(mount.source);
  const owners = isRoot ? "real" : "ours";
  if ((await stat(mount.source)).isDirectory()) {
    return { mount, folder: mount.source, populate: false, owners };
  }
  const name = basename(mount.source);
  const target = join(folder, name);
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await writeFile(target, "");
  } catch (cause) {
    throw new DvmError("unavailable", `cannot share ${mount.source}: no room for it in ${folder}`, {
      cause,
    });
  }
  return { mount, folder, file: { source: mount.source, target, name }, populate: false, owners };
}

import { mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DvmError } from "../base/errors.ts";

const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** Folder of the host that holds what is in the volume. */
export function volumeFolder(dataRoot: string, name: string): string {
  return join(dataRoot, "volumes", name, "_data");
}

/** Makes the volume's folder; it may exist already. A name that isn't Docker's kind is refused. */
export async function makeVolumeFolder(dataRoot: string, name: string): Promise<string> {
  if (!volumeName.test(name)) {
    throw new DvmError(
      "invalid",
      `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    );
  }
  const folder = volumeFolder(dataRoot, name);
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    return folder;
  } catch (error) {
    await removeEmptyVolume(dataRoot, name);
    throw error;
  }
}

/** What was made of a volume that can't be kept. */
export async function removeEmptyVolume(dataRoot: string, name: string): Promise<void> {
  const folder = volumeFolder(dataRoot, name);
  for (const path of [folder, dirname(folder)]) await rmdir(path).catch(() => {});
}

export async function removeVolumeFolder(dataRoot: string, name: string): Promise<void> {
  await rm(join(dataRoot, "volumes", name), { recursive: true, force: true });
}

/** Whether nothing is in a volume's folder yet, so that the image's own files belong there. */
export async function isFolderEmpty(folder: string): Promise<boolean> {
  return (await readdir(folder)).length === 0;
}

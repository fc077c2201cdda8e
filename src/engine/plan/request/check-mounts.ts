import { DvmError } from "../../../base/errors.ts";
import { parseBytes } from "../../../base/parse-sizes.ts";
import { leastDiskBytes } from "../../../storage/format-disk.ts";
import type { HostConfig } from "../../records.ts";

type MountRequest = NonNullable<HostConfig["Mounts"]>[number];

/** Options that are about one kind of mounts. */
const optionsOf = {
  BindOptions: "bind",
  VolumeOptions: "volume",
  ImageOptions: "image",
  TmpfsOptions: "tmpfs",
} as const;

/** What of mounts can be said without looking anything up. */
export function checkMounts({ Mounts, StorageOpt }: HostConfig): void {
  checkStorage(StorageOpt ?? {});
  for (const mount of Mounts ?? []) checkOptions(mount);
}

/** In the words of Docker's overlay2. */
function checkStorage(options: Readonly<Record<string, string>>): void {
  const unknown = Object.keys(options).find((name) => name !== "size");
  if (unknown !== undefined) throw new DvmError("unclassified", `Unknown option ${unknown}`);
  const { size } = options;
  if (size === undefined) return;
  if (parseBytes(size) < leastDiskBytes)
    throw new DvmError(
      "unclassified",
      `cannot give a container a disk of ${size}: the least is ${leastDiskBytes >> 20} MiB`,
    );
}

/** Docker's. */
export function mountWarnings({ Mounts }: HostConfig): string[] {
  const hasImages = (Mounts ?? []).some(({ Type }) => Type === "image");
  return hasImages ? ["Image mount is an experimental feature"] : [];
}

function checkOptions(mount: MountRequest): void {
  for (const [field, type] of Object.entries(optionsOf))
    if (field in mount && mount.Type !== type && isGiven(mount, field))
      throw new DvmError(
        "invalid",
        `${field} must not be specified on mount type ${JSON.stringify(mount.Type)}`,
      );
}

function isGiven(mount: MountRequest, field: string): boolean {
  return Object.entries(mount).some(([name, value]) => name === field && value !== undefined);
}

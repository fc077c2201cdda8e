import { parseBytes } from "../base/parse-sizes.ts";
import { leastDiskBytes } from "./format-disk.ts";

/** What a local volume is made with: the words of mount(8), or `type=disk`. */
export type VolumeOptions = Readonly<Record<string, string>>;

const standardSize = "10g";
/** What a guest is shown of the place of a disk that is still to come: none is larger. */
export const mostDiskBytes = 2 ** 44;

/** Whether a volume is a disk of its own, `--opt type=disk`. */
export function isDisk(options: VolumeOptions | undefined): boolean {
  return options?.["type"] === "disk";
}

/** Completes "create NAME: …" where a disk can't be of these options. */
export function badDiskOptions(options: VolumeOptions): string | undefined {
  const unfit = Object.keys(options).find((option) => option !== "type" && option !== "size");
  if (unfit !== undefined)
    return `invalid option: ${JSON.stringify(unfit)}: a volume of type disk takes "size" only`;
  const { size = standardSize } = options;
  const bytes = sizeOf(size);
  if (bytes === undefined) return `invalid size: '${size}'`;
  if (bytes < leastDiskBytes) return `invalid size: '${size}': the least is 16m`;
  return bytes > mostDiskBytes ? `invalid size: '${size}': the most is 16t` : undefined;
}

/** What a disk's file system seems to hold. */
export function diskBytes({ size = standardSize }: VolumeOptions): number {
  return parseBytes(size);
}

function sizeOf(text: string): number | undefined {
  try {
    return parseBytes(text);
  } catch {
    return undefined; // it is no size
  }
}

import type { ParsedConfig } from "../image-config.ts";
import type { LoadOptions } from "./image-types.ts";

/** Whether an image is for the platform that is wanted, if one is. */
export function isFor(
  { os, architecture: of }: ParsedConfig,
  wanted: LoadOptions["platform"],
): boolean {
  return wanted === undefined || (os === wanted.os && of === wanted.architecture);
}

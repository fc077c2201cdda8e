import { digestHex } from "../digest.ts";

/** Where an OCI layout has a blob (image-spec, "Image Layout"). */
export function blobPath(digest: string): string {
  return `blobs/sha256/${digestHex(digest)}`;
}

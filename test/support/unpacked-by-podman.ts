import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { listTar, type TarListing } from "./tar-listing.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import type { TestDaemon } from "./test-daemon.ts";

/** The image's tree as podman, a reader that isn't ours, unpacks what `save` gives. */
export async function unpackedByPodman(daemon: TestDaemon, reference: string): Promise<TarListing> {
  await using work = await temporaryFolder();
  const archive = join(work.path, "image.tar");
  await daemon.succeeds(["save", "-o", archive, reference]);
  const podman = async (...words: string[]) => {
    const roots = ["--root", join(work.path, "root"), "--runroot", join(work.path, "run")];
    const result = await daemon.client(
      "podman",
      [...roots, "--storage-driver", "vfs", ...words],
      {},
    );
    assert.equal(result.code, 0, result.stderr);
    return result.stdout.trim();
  };
  await podman("load", "-q", "-i", archive);
  const folder = await podman("image", "mount", reference);
  const child = spawn("tar", [
    ...["-C", folder, "--numeric-owner", "--xattrs", "--xattrs-include=*", "--format=posix"],
    ...["-cf", "-", "."],
  ]);
  const listing = await listTar(child.stdout);
  await podman("image", "unmount", reference);
  delete listing[""];
  return listing;
}

import { describeError } from "../base/errors.ts";
import { readKernelRelease } from "./bzimage.ts";
import { digestOf, fileDigests, unpackedImage, type StoredKernel } from "./kernel.ts";
import { pvhEntry } from "./pvh-entry.ts";

/**
 * What is wrong with a kernel of the store, a line each; empty when every file is as it was when
 * it was stored, and the images are what they should be.
 */
export async function verifyKernel(kernel: StoredKernel): Promise<string[]> {
  const faults = await contentFaults(kernel);
  const release = await readKernelRelease(kernel.path).catch(describeError);
  if (release !== kernel.release && faults.length === 0)
    faults.push(`bzImage: it is of release ${kernel.release}, but: ${release}`);
  if (kernel.files?.[unpackedImage] !== undefined && faults.length === 0) {
    const path = `${kernel.folder}/${unpackedImage}`;
    const entry = await pvhEntry(path).catch(describeError);
    if (typeof entry === "string") faults.push(`${unpackedImage}: ${entry}`);
  }
  return faults;
}

async function contentFaults({ files, folder, path, digest }: StoredKernel): Promise<string[]> {
  if (files === undefined) {
    // stored by an earlier version of DVM, which kept the digest of the image only
    const found = await digestOf(path).catch(() => "none");
    return found === digest ? [] : [changed("bzImage", digest, found)];
  }
  const found = await fileDigests(folder);
  const names = new Set([...Object.keys(files), ...Object.keys(found)]);
  return [...names].sort().flatMap((name) => {
    const [was, is] = [files[name], found[name]];
    if (was === is) return [];
    if (was === undefined) return [`${name}: nobody has stored it`];
    return [is === undefined ? `${name}: it is gone` : changed(name, was, is)];
  });
}

function changed(name: string, was: string, is: string): string {
  return `${name}: it was ${was}, but is ${is}`;
}

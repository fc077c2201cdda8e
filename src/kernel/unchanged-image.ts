import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DvmError, ignore } from "../base/errors.ts";
import { digestOf, unpackedImage, type StoredKernel } from "./kernel.ts";

/**
 * The file that machines start of `kernel`: the unpacked one where there is one, which a VMM that
 * knows PVH starts without unpacking. Fails when its bytes are not those that were stored. They are
 * read anew only when the file has been written to since.
 */
export async function unchangedImage(dataRoot: string, kernel: StoredKernel): Promise<string> {
  const { folder, path, files, digest } = kernel;
  const unpacked = files?.[unpackedImage];
  const image = unpacked === undefined ? path : join(folder, unpackedImage);
  const is = await identity(image);
  if (is === undefined) throw damaged(kernel, `${image} is gone`);
  const note = notePath(dataRoot, kernel.id);
  const checked = await ignore("ENOENT", () => readFile(note, "utf8"));
  if (checked === is) return image;
  if ((await digestOf(image)) !== (unpacked ?? digest))
    throw damaged(kernel, `${image} is not what was stored`);
  await mkdir(dirname(note), { recursive: true });
  await writeFile(note, is);
  return image;
}

/** To be called when a kernel is removed. */
export async function forgetImage(dataRoot: string, id: string): Promise<void> {
  await rm(notePath(dataRoot, id), { force: true });
}

/** Changes with the file's content: the system sets the time of change, whoever writes. */
async function identity(path: string): Promise<string | undefined> {
  const found = await ignore("ENOENT", () => stat(path, { bigint: true }));
  return found && `${path} ${found.dev}:${found.ino} ${found.size} ${found.ctimeNs}`;
}

function notePath(dataRoot: string, id: string): string {
  return join(dataRoot, "kernels-checked", id);
}

function damaged({ name, id }: StoredKernel, fact: string): DvmError {
  const again = name === "stock" ? "dvm setup" : `dvm kernel build ${name}`;
  return new DvmError("damaged", `cannot use kernel ${name}: ${fact}`, {
    hint:
      name === "custom"
        ? `run: dvm kernel rm ${id}; the next start takes it anew`
        : `run: dvm kernel rm --force ${id}, then ${again}`,
  });
}

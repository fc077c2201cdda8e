import { open } from "node:fs/promises";
import { join } from "node:path";
import { DvmError } from "../base/errors.ts";
import { buildFolder } from "./build-folder.ts";
import { gatherInputs, type InputOptions } from "./build-inputs.ts";
import { filesOfLastBuild } from "./build-kernel.ts";
import { openBuildLog } from "./build-log.ts";
import { compileKernel, type CompileOptions } from "./compile-kernel.ts";
import { digestOf, unpackedImage, type StoredKernel } from "./kernel.ts";

type RebuildOptions = Pick<InputOptions, "source" | "from"> &
  Pick<CompileOptions, "onProgress" | "signal">;

const comparedFiles = ["bzImage", unpackedImage, "config", "System.map"];
const chunkBytes = 65_536;

/**
 * Builds a kernel of the store anew, in another folder, and compares the two, byte for byte: gives
 * a line for each file that differs. The second one is not kept. Fails when what the kernel was
 * built of isn't there any more.
 */
export async function rebuildKernel(
  dataRoot: string,
  kernel: StoredKernel,
  { source, from, onProgress, signal }: RebuildOptions = {},
): Promise<string[]> {
  const { name, built } = kernel;
  if (built === undefined)
    throw new DvmError("unsupported", `cannot build kernel ${name} anew: it was not built here`);
  const inputs = await gatherInputs(dataRoot, {
    recipe: name,
    source: source ?? built.source,
    from,
  });
  if (inputs.id !== kernel.id) {
    throw new DvmError("conflict", `cannot build ${kernel.id} anew: it would be ${inputs.id} now`, {
      hint: "recipe, source, tools, or kernel/source and kernel/patches have changed since",
    });
  }
  await using log = await openBuildLog(dataRoot, `${name}-anew`);
  await using work = await buildFolder(dataRoot);
  try {
    const expected = await filesOfLastBuild(dataRoot, name);
    const options = { log, expected, onProgress, signal };
    const { folder } = await compileKernel(inputs, join(work.path, "anew"), options);
    return await differences(kernel.folder, folder);
  } catch (cause) {
    signal?.throwIfAborted();
    throw log.explain(cause);
  }
}

async function differences(one: string, other: string): Promise<string[]> {
  const lines: string[] = [];
  for (const name of comparedFiles) {
    const [left, right] = [join(one, name), join(other, name)];
    if ((await digestOf(left)) !== (await digestOf(right)))
      lines.push(`${name}: differs from byte ${await firstDifference(left, right)} on`);
  }
  return lines;
}

async function firstDifference(left: string, right: string): Promise<number> {
  await using one = await open(left);
  await using other = await open(right);
  for (let at = 0; ; at += chunkBytes) {
    const [a, b] = [Buffer.alloc(chunkBytes), Buffer.alloc(chunkBytes)];
    const { bytesRead } = await one.read(a, 0, chunkBytes, at);
    await other.read(b, 0, chunkBytes, at);
    const index = a.findIndex((byte, place) => byte !== b[place]);
    if (index >= 0) return at + index;
    if (bytesRead < chunkBytes) return at + bytesRead;
  }
}

import { join } from "node:path";
import { DvmError } from "../base/errors.ts";
import { gatherInputs, type BuildInputs, type InputOptions } from "./build-inputs.ts";
import { withCompiled } from "./build-kernel.ts";
import type { CompileOptions } from "./compile-kernel.ts";
import { firstDifference } from "./first-difference.ts";
import { unpackedImage, type StoredKernel } from "./kernel.ts";

type RebuildOptions = Pick<InputOptions, "source" | "from"> &
  Pick<CompileOptions, "onProgress" | "signal">;
type BuiltKernel = StoredKernel & { built: NonNullable<StoredKernel["built"]> };

/** What the same inputs must give again, byte for byte. */
export const comparedFiles = ["bzImage", unpackedImage, "config", "System.map"];

/**
 * Builds a kernel of the store anew, in another folder, and compares {@link comparedFiles}: gives a
 * line for each that differs. The second one is not kept. Fails when what the kernel was built of
 * isn't there any more, for then nothing can be compared. `source` is needed for a kernel of an
 * archive, of which only the name is known.
 */
export async function rebuildKernel(
  dataRoot: string,
  kernel: StoredKernel,
  { source, from, onProgress, signal }: RebuildOptions = {},
): Promise<string[]> {
  requireBuilt(kernel);
  const { name } = kernel;
  const wanted = source ?? packageOf(kernel);
  const inputs = await gatherInputs(dataRoot, { recipe: name, source: wanted, from });
  requireSameInputs(kernel, inputs);
  const options = { logName: `${name}-anew`, folder: "anew", onProgress, signal };
  return await withCompiled(dataRoot, inputs, options, ({ folder }) =>
    differences(kernel.folder, folder),
  );
}

async function differences(one: string, other: string): Promise<string[]> {
  const lines: string[] = [];
  for (const name of comparedFiles) {
    const fact = await firstDifference(join(one, name), join(other, name));
    if (fact !== undefined) lines.push(`${name}: ${fact}`);
  }
  return lines;
}

function requireBuilt(kernel: StoredKernel): asserts kernel is BuiltKernel {
  if (kernel.built === undefined)
    throw cannotCompare("unsupported", kernel, "it was not built here");
}

function packageOf(kernel: BuiltKernel): string {
  const { source } = kernel.built;
  if (/^linux-source-\d+\.\d+$/.test(source)) return source;
  throw cannotCompare("invalid", kernel, `it was built of ${source}`, "give its path by --source");
}

function requireSameInputs(kernel: BuiltKernel, { id, source, toolChain }: BuildInputs): void {
  if (id === kernel.id) return;
  const { built } = kernel;
  const facts: string[] = [];
  const is = `${source.name} ${source.version}`;
  const was = `${built.source} ${built.sourceVersion}`;
  if (is !== was) facts.push(`its source was ${was}, now there is ${is}`);
  if (toolChain !== built.toolChain)
    facts.push(`its tools were ${built.toolChain}, now there are ${toolChain}`);
  if (facts.length === 0)
    facts.push("its recipe, options, or DVM's own C files and patches have changed since");
  const hint = `run: dvm kernel build ${kernel.name}; that one can be compared`;
  throw cannotCompare("conflict", kernel, facts.join("\n"), hint);
}

function cannotCompare(
  code: "conflict" | "invalid" | "unsupported",
  { id }: StoredKernel,
  fact: string,
  hint?: string,
): DvmError {
  const message = `cannot build kernel ${id} anew to compare: ${fact}`;
  return new DvmError(code, message, hint === undefined ? {} : { hint });
}

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ignore } from "../../base/errors.ts";
import { readRecipe, recipeNames, recipeOptions } from "../kernel-recipe.ts";
import { storedKernels, type StoredKernel } from "../kernel.ts";
import type { KernelNeed } from "./kernel-need.ts";

/** A recipe, or a kernel that was built by one. */
interface Candidate {
  features: readonly string[];
  /** Those that are on, with their `CONFIG_`. */
  options: ReadonlySet<string>;
}

interface WantedKernel {
  /** Features without which a kernel doesn't start in the VMM's machines. */
  machine: readonly string[];
  /** What runs there needs. */
  needs: readonly KernelNeed[];
}

export interface FittingKernels {
  /** Name of the smallest recipe that serves; undefined: none does. */
  recipe: string | undefined;
  /** The smallest kernel of the store that serves. */
  kernel: StoredKernel | undefined;
}

/** Which recipe and which built kernel are the smallest that have all that is needed. */
export async function judgeKernels(
  dataRoot: string,
  wanted: WantedKernel,
): Promise<FittingKernels> {
  return { recipe: await smallestRecipe(wanted), kernel: await smallestKernel(dataRoot, wanted) };
}

/** The recipe with the fewest options among those that serve. */
export async function smallestRecipe(wanted: WantedKernel): Promise<string | undefined> {
  let best: { name: string; size: number } | undefined;
  for (const name of await recipeNames()) {
    const candidate = await recipeCandidate(name);
    const size = candidate.options.size;
    if (serves(candidate, wanted) && size < (best?.size ?? Infinity)) best = { name, size };
  }
  return best?.name;
}

/** The smallest in bytes; of each recipe the latest counts. */
export async function smallestKernel(
  dataRoot: string,
  wanted: WantedKernel,
): Promise<StoredKernel | undefined> {
  const latest = new Map<string, StoredKernel>();
  for (const kernel of await storedKernels(dataRoot))
    if (!latest.has(kernel.name)) latest.set(kernel.name, kernel);
  const bySize = [...latest.values()].sort((a, b) => a.sizeBytes - b.sizeBytes);
  for (const kernel of bySize) {
    const candidate = await kernelCandidate(kernel);
    if (candidate !== undefined && serves(candidate, wanted)) return kernel;
  }
  return undefined;
}

async function recipeCandidate(name: string): Promise<Candidate> {
  const recipe = await readRecipe(name);
  const on = recipeOptions(recipe).filter(({ value }) => value === "y");
  return {
    features: recipe.features.map((feature) => feature.name),
    options: new Set(on.map((option) => option.name)),
  };
}

/** What came out of its build counts, not what a recipe of that name says by now. */
async function kernelCandidate(kernel: StoredKernel): Promise<Candidate | undefined> {
  if (kernel.built === undefined) return undefined;
  const config = await ignore("ENOENT", () => readFile(join(kernel.folder, "config"), "utf8"));
  if (config === undefined) return undefined;
  const options = [...config.matchAll(/^(CONFIG_\w+)=y$/gm)].map(([, name = ""]) => name);
  return { features: kernel.built.features, options: new Set(options) };
}

function serves({ features, options }: Candidate, wanted: WantedKernel): boolean {
  return (
    wanted.machine.every((feature) => features.includes(feature)) &&
    wanted.needs.every(({ feature, option }) =>
      option === undefined ? features.includes(feature) : options.has(option),
    )
  );
}

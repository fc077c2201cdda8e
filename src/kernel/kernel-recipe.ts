import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DvmError, ignore } from "../base/errors.ts";
import { readFeature, type KernelFeature, type KernelOption } from "./kernel-feature.ts";

/** What a kernel is to be: features, by name and at length. */
export interface KernelRecipe {
  name: string;
  summary: string;
  features: KernelFeature[];
}

const kernelFolder = fileURLToPath(new URL("../../kernel", import.meta.url));

/** Names of all recipes, sorted. */
export async function recipeNames(from = kernelFolder): Promise<string[]> {
  const files = await readdir(join(from, "recipes"));
  return files
    .filter((file) => file.endsWith(".recipe"))
    .map((file) => file.slice(0, -".recipe".length))
    .sort();
}

/** The recipe of kernel/recipes/`name`.recipe: a feature a line, and why behind `#`. */
export async function readRecipe(name: string, from = kernelFolder): Promise<KernelRecipe> {
  const isName = /^[a-z0-9][a-z0-9-]*$/.test(name);
  const text = isName
    ? await ignore("ENOENT", () => readFile(join(from, "recipes", `${name}.recipe`), "utf8"))
    : undefined;
  if (text === undefined) {
    throw new DvmError("not-found", `cannot build kernel ${name}: there is no such recipe`, {
      hint: `recipes are ${(await recipeNames(from)).join(", ")}`,
    });
  }
  const names = text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");
  const features: KernelFeature[] = [];
  for (const feature of names) features.push(await readFeature(feature, join(from, "features")));
  const recipe = { name, summary: /^# \S+: (.*)/.exec(text)?.[1] ?? "", features };
  checkAgreement(recipe);
  return recipe;
}

/** All that the recipe asks for; what a later feature overrides is left out. */
export function recipeOptions({ features }: KernelRecipe): KernelOption[] {
  const options = features.flatMap(({ options }) => options);
  const overriding = new Map<string, number>();
  for (const [index, option] of options.entries())
    if (option.overrides) overriding.set(option.name, index);
  return options.filter(({ name }, index) => index >= (overriding.get(name) ?? 0));
}

/** Two features that want one option to differ can't be had together. */
function checkAgreement(recipe: KernelRecipe): void {
  const seen = new Map<string, KernelOption>();
  const faults: string[] = [];
  for (const option of recipeOptions(recipe)) {
    const key = `${option.name} ${option.since ?? ""} ${option.until ?? ""}`;
    const earlier = seen.get(key);
    seen.set(key, option);
    if (earlier === undefined || earlier.value === option.value) continue;
    faults.push(
      `${option.name} is ${earlier.value} by ${earlier.place}, ${option.value} by ${option.place}`,
    );
  }
  if (faults.length === 0) return;
  throw new DvmError(
    "invalid",
    `cannot build kernel ${recipe.name}: its features disagree:\n${faults.join("\n")}`,
    { hint: "an option that shall win says so: CONFIG_X=y override # why" },
  );
}

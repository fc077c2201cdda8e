import { readRecipe } from "../kernel-recipe.ts";

/** The recipe that has all there is: on its kernel an image is tried, by its features needs are named. */
export const trialRecipe = "hyper-full";

export interface KnownFeatures {
  names: ReadonlySet<string>;
  /** The feature that asks for an option, which is given with its `CONFIG_`. */
  of(option: string): string | undefined;
}

export async function knownFeatures(): Promise<KnownFeatures> {
  const { features } = await readRecipe(trialRecipe);
  const found = new Map<string, string>();
  for (const { name, options } of features)
    for (const option of options)
      if (option.value === "y" && !found.has(option.name)) found.set(option.name, name);
  return {
    names: new Set(features.map(({ name }) => name)),
    of: (option) => found.get(option),
  };
}

import assert from "node:assert/strict";
import { cp, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { configFragment, lostOptions, unknownOptions } from "../../src/kernel/kernel-config.ts";
import { appliesTo, parseFeature } from "../../src/kernel/kernel-feature.ts";
import { readRecipe, recipeNames, recipeOptions } from "../../src/kernel/kernel-recipe.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const kernelFolder = join(import.meta.dirname, "../../kernel");

test("every recipe reads, and every option of every feature has its reason", async () => {
  const names = await recipeNames();
  for (const name of ["hyper", "hyper-min"]) assert(names.includes(name), name);
  const used = new Set<string>();
  for (const name of names) {
    const recipe = await readRecipe(name);
    assert.notEqual(recipe.summary, "", name);
    for (const feature of recipe.features) {
      used.add(`${feature.name}.config`);
      assert.notEqual(feature.summary, "", feature.name);
      assert(feature.options.length > 0, feature.name);
    }
  }
  const features = await readdir(join(kernelFolder, "features"));
  assert.deepEqual(features.filter((file) => !used.has(file)).sort(), []);
});

test("a slip of the pen in a feature is refused with its place", () => {
  const lines = [
    "# f: one",
    "CONFIG_A=y # why",
    "CONFG_B=y # why",
    "CONFIG_C=m # why",
    "CONFIG_D=y",
  ];
  assert.throws(() => parseFeature("f", lines.join("\n")), {
    code: "invalid",
    message: /features\/f\.config:3: CONFG_B.*\n.*:4: CONFIG_C=m.*\n.*:5: CONFIG_D=y$/,
  });
});

test("an option that the sources don't know is told, and so is one that their dependencies changed", () => {
  const { options } = parseFeature(
    "f",
    "# f: one\nCONFIG_A=y # why\nCONFIG_B=n # why\nCONFIG_C=5 # why\n",
  );
  assert.deepEqual(unknownOptions(options, new Set(["A", "C"])), [
    "CONFIG_B=n (features/f.config:3)",
  ]);
  assert.deepEqual(lostOptions(options, "CONFIG_A=y\nCONFIG_B=y\n"), [
    "CONFIG_B=n became y (features/f.config:3)",
    "CONFIG_C=5 became n (features/f.config:4)",
  ]);
  assert.equal(configFragment(options), "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=5\n");
});

test("an option may be for some versions of Linux only", () => {
  const { options } = parseFeature("f", "# f: one\nCONFIG_A=y since 6.9 until 6.12 # why\n");
  const applies = (version: string) => options.some((option) => appliesTo(option, version));
  assert.deepEqual(["6.1", "6.9", "6.12", "6.13", "7.0"].map(applies), [
    false,
    true,
    true,
    false,
    false,
  ]);
});

test("features that disagree can't be in one recipe, unless one says that it overrides", async () => {
  await using folder = await temporaryFolder();
  await cp(kernelFolder, folder.path, { recursive: true });
  const write = (path: string, text: string) => writeFile(join(folder.path, path), text);
  await write("features/one.config", "# one: one\nCONFIG_A=y # why\n");
  await write("features/two.config", "# two: two\nCONFIG_A=n # why\n");
  await write("recipes/both.recipe", "# both: both\none # a\ntwo # b\n");
  await assert.rejects(readRecipe("both", folder.path), {
    code: "invalid",
    message: /features disagree:\nCONFIG_A is y by features\/one\.config:2, n by features\/two/,
  });
  await write("features/two.config", "# two: two\nCONFIG_A=n override # why\n");
  const recipe = await readRecipe("both", folder.path);
  assert.deepEqual(
    recipeOptions(recipe).map(({ value }) => value),
    ["n"],
  );
  await write("recipes/lost.recipe", "# lost: lost\nnosuch # a\n");
  await assert.rejects(readRecipe("lost", folder.path), /there is no feature nosuch/);
  await assert.rejects(readRecipe("../hyper", folder.path), /there is no such recipe/);
});

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

const repository = join(import.meta.dirname, "../..");
const source = join(repository, "src");

/** Lines of files below src/ that `word` is found in, but in these folders. */
async function linesWith(word: RegExp, except: string[]): Promise<string[]> {
  const names = await readdir(source, { recursive: true });
  const found: string[] = [];
  for (const name of names.filter((name) => name.endsWith(".ts"))) {
    if (except.some((folder) => name.startsWith(`${folder}/`))) continue;
    const lines = (await readFile(join(source, name), "utf8")).split("\n");
    for (const [index, line] of lines.entries())
      if (word.test(line)) found.push(`${name}:${index + 1}: ${line.trim()}`);
  }
  return found;
}

test("what is QEMU's is said where QEMU is driven, set up and chosen, and nowhere else", async () => {
  const words = /qemu|microvm|hostfwd|tcg/i;
  assert.deepEqual(await linesWith(words, ["machine/drivers/qemu", "setup", "bin"]), []);
});

test("the addresses of a machine's own network stand in one file", async () => {
  const found = await linesWith(/10\.0\.2/, []);
  assert.deepEqual(
    [...new Set(found.map((line) => line.split(":")[0]))],
    ["network/user-network.ts"],
  );
});

test("lint keeps drivers out of every layer but bin/", async () => {
  const { overrides } = JSON.parse(await readFile(join(repository, ".oxlintrc.json"), "utf8"));
  for (const entry of await readdir(source, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === "bin") continue;
    const rule = overrides.find(({ files }: { files: string[] }) =>
      files.includes(`src/${entry.name}/**/*.ts`),
    );
    const { patterns } = rule?.rules["no-restricted-imports"][1] ?? { patterns: [] };
    const groups = patterns.flatMap(({ group }: { group: string[] }) => group);
    assert.ok(groups.includes("**/drivers/**"), entry.name);
  }
});

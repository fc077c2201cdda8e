import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzzSeconds, fuzzSeed, seeds } from "../support/fuzz-settings.ts";
import { treeByDocker } from "../support/layers-by-docker.ts";
import { Random } from "../support/random.ts";
import { randomStack, type StackOptions } from "../support/random-stack.ts";
import { describeStacks, shrink } from "../support/shrink.ts";
import {
  compare,
  differenceOf,
  dvmTree,
  imageLayers,
  type Listed,
} from "../support/stack-trees.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const isRoot = process.getuid?.() === 0;
const needsRoot = isRoot ? {} : { skip: "device nodes, owners and mounts need root" };
const stacksPerImage = 100;

/** Fails with what is left of the image when all that isn't needed for the failure is taken away. */
async function sameTrees(seed: number, count: number, options: StackOptions = {}): Promise<void> {
  const random = new Random(seed);
  const stacks = Array.from({ length: count }, (_, index) =>
    randomStack(random, `s${index}`, options),
  );
  const difference = await differenceOf(stacks);
  if (difference === undefined) return;
  const least = await shrink(
    stacks,
    async (some) => (await differenceOf(some))?.by === difference.by,
  );
  const left = await differenceOf(least);
  const text = `${left?.by}: ${left?.text}\n${describeStacks(least)}`;
  assert.fail(`DVM_FUZZ_SEED=${seed}, ${count} stacks: ${text}`);
}

test(
  "three hundred random stacks of layers give the trees that umoci unpacks",
  { timeout: (600 + fuzzSeconds) * 1000, ...needsRoot },
  async () => {
    for (const seed of seeds(3)) await sameTrees(seed, stacksPerImage);
  },
);

test("an image of 128 layers gives the tree that umoci unpacks", needsRoot, async () => {
  await sameTrees(128, 2, { depth: 128 });
});

test("forty random stacks give the trees that dockerd makes of them", needsRoot, async () => {
  await using folder = await temporaryFolder();
  const random = new Random(fuzzSeed);
  const stacks = Array.from({ length: 40 }, (_, index) =>
    randomStack(random, `s${index}`, { once: true }),
  );
  const since = Date.now();
  const layers = imageLayers(stacks);
  const expected = await treeByDocker(layers, folder.path);
  const found = await dvmTree(layers, folder.path);
  const unlisted = new Set(stacks.flatMap((stack) => [...stack.unlisted]));
  // its driver vfs carries no xattrs but capabilities, and no links but files', from layer to layer
  const ignored = ({ kind }: Listed) =>
    kind === "file" ? ["xattrs"] : ["xattrs", "links", "same"];
  const difference = compare(expected, found, { unlisted, since, ignored });
  assert.equal(difference, undefined, `DVM_FUZZ_SEED=${fuzzSeed}`);
});

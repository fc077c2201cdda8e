import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { fixture } from "../support/cache.ts";
import { fuzzSeed } from "../support/fuzz-settings.ts";
import { manyFiles } from "../support/many-files.ts";
import { Random } from "../support/random.ts";
import { randomStack, type Stack } from "../support/random-stack.ts";
import {
  compare,
  imageLayers,
  lister,
  parse,
  umociTree,
  type Listed,
} from "../support/stack-trees.ts";
import { digestOf, makeTar } from "../support/tar.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TestDaemon } from "../support/test-daemon.ts";

const run = promisify(execFile);
const image = "made:stacks";
const stackCount = 30;

let daemon: TestDaemon;
let stacks: Stack[];
let expected: Listed[];
const since = Date.now();

before(
  async () => {
    daemon = await TestDaemon.start();
    const random = new Random(fuzzSeed);
    stacks = Array.from({ length: stackCount }, (_, index) =>
      randomStack(random, `stacks/s${index}`, index === 0 ? { depth: 128 } : {}),
    );
    const layers = imageLayers(stacks);
    await using folder = await temporaryFolder();
    expected = await umociTree(layers, folder.path, "stacks");
    const archive = join(daemon.root, "stacks.tar");
    await onDebian([...layers, makeTar([{ path: "lister.py", content: await readFile(lister) }])], {
      archive,
      work: folder.path,
    });
    await daemon.succeeds(["load", "-i", archive]);
  },
  { timeout: 300_000 },
);
after(() => daemon?.[Symbol.asyncDispose]());

/** Writes an archive of the fixture with Python, and these layers on it. */
async function onDebian(
  layers: readonly Buffer[],
  { archive, work }: { archive: string; work: string },
): Promise<void> {
  await run("tar", ["-C", work, "-xf", fixture("debian.docker.tar")]);
  const path = (name: string) => join(work, name);
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(path(name), "utf8"));
  const [manifest] = (await read("manifest.json")) as [{ Config: string; Layers: string[] }];
  const config = (await read(manifest.Config)) as { rootfs: { diff_ids: string[] } };
  for (const [index, layer] of layers.entries()) await writeFile(path(`made-${index}.tar`), layer);
  const names = layers.map((_, index) => `made-${index}.tar`);
  config.rootfs.diff_ids.push(...layers.map(digestOf));
  await writeFile(path("config.json"), JSON.stringify({ ...config, history: [] }));
  const described = {
    Config: "config.json",
    RepoTags: [image],
    Layers: [...manifest.Layers, ...names],
  };
  await writeFile(path("manifest.json"), JSON.stringify([described]));
  const parts = ["config.json", "manifest.json", ...manifest.Layers, ...names];
  await run("tar", ["-C", work, "-cf", archive, ...parts]);
}

for (const kernel of ["hyper", "stock"]) {
  test(
    `kernel ${kernel} sees thirty random stacks of layers, one of 128, as umoci unpacks them`,
    { timeout: 300_000 },
    async () => {
      const listed = await daemon.succeeds([
        ...["run", "--rm", "--privileged", "--kernel", kernel, image],
        ...["python3", "/lister.py", "/stacks"],
      ]);
      const found = parse(listed);
      assert(found.length > 300, `only ${found.length} paths`);
      const below = (path: string) => path.replace(/^stacks\//, "");
      const unlisted = new Set(stacks.flatMap((stack) => [...stack.unlisted].map(below)));
      const difference = compare(expected, found, { unlisted, since });
      assert.equal(difference, undefined, `DVM_FUZZ_SEED=${fuzzSeed}`);
    },
  );
}

test(
  "an image of three hundred thousand files is taken by a daemon that stays small",
  { timeout: 300_000 },
  async () => {
    const tar = join(daemon.root, "many.tar");
    await pipeline(Readable.from(manyFiles(300_000)), createWriteStream(tar));
    await daemon.succeeds(["import", tar, "made:many"]);
    const status = await readFile(`/proc/${daemon.pid}/status`, "utf8");
    const mostKiB = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]);
    assert(mostKiB < 165e6 / 1024, `the daemon took ${mostKiB} KiB at most`);
  },
);

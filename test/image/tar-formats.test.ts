import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { dvmTree, hostKnowsErofs, type Listed } from "../support/stack-trees.ts";
import { tarOf, type LayerEntry } from "../support/tar-forms.ts";
import { makeTar, paxRecord } from "../support/tar.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);
const file = { type: "file", mode: 0o644, uid: 0, gid: 0, mtime: [1e9, 0] } as const;

/** What DVM's disk of these layers holds, by path. */
async function treeOf(...layers: Buffer[]): Promise<Map<string, Listed>> {
  await using folder = await temporaryFolder();
  return new Map((await dvmTree(layers, folder.path)).map((one) => [one.path, one]));
}

function entry(one: Partial<LayerEntry> & { path: string }): LayerEntry {
  return { ...file, ...one };
}

/** Data between holes, and a hole at the end; many parts need more than a header has room for. */
async function writeWithHoles(path: string, parts: number): Promise<void> {
  await using made = await open(path, "w");
  for (let part = 0; part < parts; part += 1)
    await made.write(Buffer.alloc(3000 + part, `part ${part} `), 0, null, (part + 1) * 65_536);
  await made.truncate((parts + 2) * 65_536);
}

for (const form of ["gnu", "0.0", "0.1", "1.0"]) {
  test(`a file with holes is whole when GNU tar wrote it in its form ${form}`, async () => {
    await using folder = await temporaryFolder();
    const words = form === "gnu" ? ["--format=gnu"] : ["--format=pax", `--sparse-version=${form}`];
    const path = (name: string) => join(folder.path, name);
    const hashes = new Map<string, string>();
    for (const parts of [0, 1, 4, 5, 60]) {
      await writeWithHoles(path(`holes-${parts}`), parts);
      const content = await readFile(path(`holes-${parts}`));
      hashes.set(`holes-${parts}`, createHash("sha256").update(content).digest("hex"));
    }
    await writeFile(path("after"), "what follows");
    const names = [...hashes.keys(), "after"];
    await run("tar", ["-C", folder.path, "--sparse", ...words, "-cf", path("tar"), ...names]);
    const tree = await treeOf(await readFile(path("tar")));
    for (const [name, hash] of hashes) assert.equal(tree.get(name)?.["hash"], hash, name);
    assert.equal(tree.get("after")?.["size"], 12);
  });
}

test("what GNU tar writes in its five forms is all there", async () => {
  await using folder = await temporaryFolder();
  const source = join(folder.path, "source");
  await mkdir(join(source, "a/b"), { recursive: true });
  await writeFile(join(source, "a/b/file"), "content");
  const trees: string[] = [];
  for (const form of ["v7", "oldgnu", "gnu", "ustar", "posix"]) {
    const path = join(folder.path, `${form}.tar`);
    const words = ["--sort=name", "--mtime=@1000000000", `--format=${form}`, "-cf", path, "a"];
    await run("tar", ["-C", source, ...words]);
    trees.push(JSON.stringify([...(await treeOf(await readFile(path)))]));
  }
  assert.match(trees[0] ?? "", /"a\/b\/file"/);
  assert.deepEqual(new Set(trees).size, 1);
});

test("global PAX headers are passed over, as by Docker", async () => {
  const records = Buffer.concat([paxRecord(["uid", "77"]), paxRecord(["path", "elsewhere"])]);
  const global = makeTar([{ path: "pax_global_header", type: "g", content: records }]);
  const tar = Buffer.concat([global.subarray(0, -1024), tarOf([entry({ path: "here", uid: 3 })])]);
  assert.deepEqual(
    [...(await treeOf(tar)).values()].map(({ path, owner }) => [path, owner]),
    [["here", "3:0"]],
  );
});

test("an empty PAX value leaves what the header says", async () => {
  const tree = await treeOf(
    makeTar([{ path: "name", uid: 7, pax: { path: "", uid: "", "SCHILY.xattr.user.x": "" } }]),
  );
  assert.deepEqual([tree.get("name")?.["owner"], tree.get("name")?.["xattrs"]], ["7:0", {}]);
});

test("times before 1970 and their fractions are kept", async () => {
  const times = [
    [-1, 0],
    [-2, 250_000_000],
    [-1, 999_999_999],
    [-86_400_000, 1],
  ] as const;
  const entries = times.map((mtime, index) => entry({ path: String(index), mtime }));
  const tree = await treeOf(tarOf(entries));
  for (const [index, [seconds, nanoseconds]] of times.entries())
    assert.equal(
      tree.get(String(index))?.time,
      String(BigInt(seconds) * 10n ** 9n + BigInt(nanoseconds)),
    );
});

test("a hard link's attributes become its target's, as with Docker", async () => {
  const made = { uid: 7, gid: 8, mode: 0o4750, mtime: [5e8, 0] as const };
  const target = entry({ path: "target", content: Buffer.from("small") });
  const link = entry({ ...made, path: "link", type: "hardlink", link: "target" });
  const hidden = entry({ path: ".wh.link" });
  const expected = ["0o4750", "7:8", String(5e17), 5];
  for (const layers of [[[target, link]], [[target], [link]], [[target], [link], [hidden]]]) {
    const found = (await treeOf(...layers.map(tarOf))).get("target");
    assert.deepEqual([found?.["mode"], found?.["owner"], found?.time, found?.["size"]], expected);
  }
});

test("a link has the mode that all links have", async () => {
  const tree = await treeOf(tarOf([entry({ path: "l", type: "symlink", link: "x", mode: 0o640 })]));
  assert.equal(tree.get("l")?.["mode"], "0o777");
});

test("attributes of other systems, and such as Linux lets no link have, are left out", async (context) => {
  if (!(await hostKnowsErofs()))
    return context.skip("reading xattrs back needs a kernel with EROFS");
  const xattrs = {
    "com.apple.provenance": Buffer.from("x"),
    "system.nfs4_acl": Buffer.from("x"),
    "user.": Buffer.from("x"),
    "user.note": Buffer.from("y"),
    "trusted.overlay.opaque": Buffer.from("y"),
    "security.note": Buffer.from("z"),
  };
  const tree = await treeOf(
    tarOf([
      entry({ path: "file", xattrs }),
      entry({ path: "link", type: "symlink", link: "file", xattrs }),
    ]),
  );
  const hex = (text: string) => Buffer.from(text).toString("hex");
  assert.deepEqual(tree.get("file")?.["xattrs"], {
    "security.note": hex("z"),
    "user.note": hex("y"),
  });
  assert.deepEqual(tree.get("link")?.["xattrs"], { "security.note": hex("z") });
});

test("aufs' own files at the root are no files of the image", async () => {
  const tree = await treeOf(
    tarOf([
      entry({ path: ".wh..wh.plnk/1.2" }),
      entry({ path: ".wh..wh.aufs" }),
      entry({ path: "k" }),
    ]),
  );
  assert.deepEqual([...tree.keys()], ["k"]);
});

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { fixture } from "../support/cache.ts";
import { TestDaemon } from "../support/test-daemon.ts";

let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
});
after(() => daemon?.[Symbol.asyncDispose]());

const archives = [
  "small.docker-save.tar",
  "small.docker.tar.gz",
  "small.podman-docker.tar",
  "small.podman-oci.tar",
  "small.skopeo-docker.tar",
  "small.skopeo-oci.tar",
  "small.zstd-oci.tar",
  "multi.buildah-oci.tar",
];

for (const archive of archives) {
  test(`an image from ${archive} loads and runs`, async () => {
    const loaded = await daemon.succeeds(["load", "-i", fixture(archive)]);
    const name = /^Loaded image: (\S+)$/m.exec(loaded)?.[1] ?? "";
    assert.match(name, /^(localhost\/)?dvm-fixture:(small|multi)$/);
    const printed = await daemon.succeeds([
      "run",
      "--rm",
      name,
      "cat /work/replaced; ls /work; echo $FIXTURE",
    ]);
    assert.equal(printed, "two\nreplaced\nsmall\n");
    await daemon.succeeds(["rmi", name]);
    assert.equal(await daemon.succeeds(["images", "-q"]), "");
  });
}

test("an OCI layout folder loads, and so does an archive from standard input", async () => {
  const loaded = await daemon.succeeds(["load", "-i", fixture("oci")]);
  assert.match(loaded, /Loaded image( ID)?: /);
  await daemon.succeeds(["load"], { input: await readFile(fixture("small.docker-save.tar")) });
  const images = await daemon.succeeds(["images"]);
  assert.match(images, /^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE\n/);
  assert.match(images, /dvm-fixture +small /);
});

test("a root file system imports, with the command that was asked for", async () => {
  await promisify(execFile)(
    "sh",
    ["-ec", "mkdir -p r/bin && cp /bin/busybox r/bin/sh && tar -C r -cf r.tar ."],
    { cwd: daemon.root },
  );
  await daemon.succeeds([
    "import",
    "-c",
    'CMD ["/bin/sh", "-c", "echo imported"]',
    join(daemon.root, "r.tar"),
    "made:1",
  ]);
  assert.equal(await daemon.succeeds(["run", "--rm", "made:1"]), "imported\n");
  assert.equal(
    await daemon.succeeds(["inspect", "-f", "{{json .Config.Cmd}}", "made:1"]),
    '["/bin/sh","-c","echo imported"]\n',
  );
});

test("a truncated archive is refused and changes nothing", async () => {
  const bytes = await readFile(fixture("small.docker-save.tar"));
  const before = await daemon.succeeds(["images", "-aq", "--no-trunc"]);
  const result = await daemon.dvm(["load"], { input: bytes.subarray(0, bytes.length / 2) });
  assert.notEqual(result.code, 0);
  assert.match(result.stderr, /unexpected EOF/);
  assert.equal(await daemon.succeeds(["images", "-aq", "--no-trunc"]), before);
});

test(
  "the tree that a container sees is the tree that umoci unpacks, path by path",
  { timeout: 600_000 },
  async () => {
    await daemon.succeeds(["load", "-i", fixture("debian.docker.tar")]);
    const listed = await daemon.succeeds([
      "run",
      "--rm",
      "dvm-fixture:debian",
      "python3",
      "/fixture/list-tree.py",
    ]);
    const found = byPath(listed.split("\n"));
    const expected = byPath(await lines(fixture("debian.tree.jsonl")));
    assert(expected.size > 4000, `umoci's list has only ${expected.size} paths`);
    // what Docker adds to each container, the image has not
    for (const path of ["/.dockerenv", "/etc/mtab"]) assert(found.delete(path), path);
    const differences: string[] = [];
    for (const path of new Set([...expected.keys(), ...found.keys()]))
      if (found.get(path) !== expected.get(path))
        differences.push(`umoci: ${expected.get(path)}\n  dvm: ${found.get(path)}`);
    assert.deepEqual(differences.slice(0, 10), []);
  },
);

function byPath(texts: string[]): Map<string, string> {
  return new Map(
    texts.filter(Boolean).map((text) => [(JSON.parse(text) as { path: string }).path, text]),
  );
}

async function lines(path: string): Promise<string[]> {
  const all: string[] = [];
  for await (const line of createInterface({ input: createReadStream(path) })) all.push(line);
  return all;
}

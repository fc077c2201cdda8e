import assert from "node:assert/strict";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { dockerArchive, makeTar, type MadeEntry } from "../support/tar.ts";
import { TestDaemon } from "../support/test-daemon.ts";

const small = "dvm-fixture:small";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
});
after(() => daemon?.[Symbol.asyncDispose]());
beforeEach(async () => {
  const others = (await daemon.succeeds(["images", "-q"])).trim().split("\n");
  const kept = (await daemon.succeeds(["images", "-q", small])).trim();
  const extra = others.filter((id) => id !== kept && id !== "");
  if (extra.length > 0) await daemon.succeeds(["rmi", "-f", ...new Set(extra)]);
});

async function docker(...words: string[]): Promise<string> {
  const result = await daemon.docker(words);
  assert.equal(result.code, 0, `docker ${words.join(" ")}: ${result.stderr}`);
  return result.stdout;
}

const shared: MadeEntry[] = [{ path: "shared", content: "x".repeat(500_000) }];

async function load(name: string, content: string): Promise<void> {
  const own = makeTar([{ path: "own", content }]);
  const archive = makeTar(dockerArchive([makeTar(shared), own], { name }));
  const { code, stderr } = await daemon.dvm(["load"], { input: archive });
  assert.equal(code, 0, stderr);
}

test("history tells each step with what its layer holds, to both CLIs alike", async () => {
  const ours = await daemon.succeeds([
    "history",
    "--no-trunc",
    "--format",
    "{{.ID}} {{.Size}}",
    small,
  ]);
  const theirs = await docker("history", "--no-trunc", "--format", "{{.ID}} {{.Size}}", small);
  assert.equal(ours, theirs);
  assert.match(ours, /^sha256:[0-9a-f]{64} /);
});

test("an image is inspected with who made it, and when it got its name", async () => {
  const [loaded] = JSON.parse(await docker("image", "inspect", small));
  assert.equal(loaded.Metadata.LastTagTime, "0001-01-01T00:00:00Z");
  await daemon.succeeds(["tag", small, small]);
  const [image] = JSON.parse(await docker("image", "inspect", small));
  assert.equal(image.RootFS.Type, "layers");
  assert(Date.now() - Date.parse(image.Metadata.LastTagTime) < 600_000);
  assert.equal(typeof image.Comment, "string");
  assert.deepEqual(image.Config.Entrypoint, ["/bin/sh", "-c"]);
});

test("a reference filter shows only the names that fit", async () => {
  await daemon.succeeds(["tag", small, "other/name:1"]);
  const names = await docker("images", "--format", "{{.Repository}}:{{.Tag}}", "other/*");
  assert.equal(names, "other/name:1\n");
  await daemon.succeeds(["rmi", "other/name:1"]);
});

test("image prune takes what has no name, and with --all what no container has", async () => {
  await load("one:1", "first");
  await load("one:1", "second"); // takes the name from the first
  const pruned = await docker("image", "prune", "-f");
  assert.match(pruned, /deleted: sha256:/);
  assert.match(await daemon.succeeds(["images"]), /^one +1 /m);
  await daemon.succeeds(["create", "--name", "keeper", small]);
  const rest = await daemon.succeeds(["image", "prune", "--all", "--force"]);
  assert.match(rest, /untagged: one:1\n/);
  assert.match(rest, /Total reclaimed space: (5\d\d|6\d\d)(\.\d)?kB/);
  assert.equal(
    await daemon.succeeds(["images", "--format", "{{.Repository}}:{{.Tag}}"]),
    `${small}\n`,
  );
  await daemon.succeeds(["rm", "keeper"]);
});

test("prune takes only what its filters want", async () => {
  await daemon.succeeds(["create", "--name", "young", small]);
  await daemon.succeeds(["container", "prune", "-f", "--filter", "until=1h"]);
  assert.equal(await daemon.succeeds(["ps", "-a", "--format", "{{.Names}}"]), "young\n");
  await daemon.succeeds(["rm", "young"]);
  await load("young:1", "young");
  await daemon.succeeds(["image", "prune", "-a", "-f", "--filter", "label=no-such"]);
  assert.match(await daemon.succeeds(["images"]), /^young +1 /m);
});

test("without an answer nothing is pruned", async () => {
  await load("asked:1", "asked");
  const { stdout } = await daemon.dvm(["image", "prune", "-a"], { input: "n\n" });
  assert.match(stdout, /WARNING! This will remove all images without at least one container/);
  assert.match(await daemon.succeeds(["images"]), /^asked +1 /m);
});

test("df counts a layer that two images share once", async () => {
  await load("one:1", "first");
  await load("two:1", "second");
  const format = "{{.Type}} {{.TotalCount}} {{.Active}}";
  assert.match(await docker("system", "df", "--format", format), /^Images 3 0$/m);
  assert.match(await daemon.succeeds(["system", "df", "--format", format]), /^Images 3 0$/m);
  const [usage] = JSON.parse(await daemon.succeeds(["system", "df", "--json"]));
  const sizes = new Map<string, { Size: number; SharedSize: number }>(
    usage.Images.map((image: { RepoTags: string[] }) => [image.RepoTags[0], image]),
  );
  const [one, two] = [sizes.get("one:1"), sizes.get("two:1")];
  assert(one !== undefined && two !== undefined);
  assert(one.SharedSize > 500_000 && one.SharedSize < 520_000);
  const all = usage.Images.reduce((sum: number, { Size }: { Size: number }) => sum + Size, 0);
  assert(usage.LayersSize < all, "the shared layer is on the disk once");
  assert.match(await daemon.succeeds(["system", "df", "-v"]), /^two +1 .* 1?5\d\dkB/m);
});

test("a container's own disk is counted, and freed by container prune", async () => {
  await daemon.succeeds(["run", "--name", "writer", small, "head -c 20000000 /dev/urandom > /big"]);
  const listed = await daemon.succeeds(["ps", "-a", "-s", "--format", "{{.Size}}"]);
  assert.match(listed, /^2\d(\.\d)?MB \(virtual \d+/);
  assert.match(await docker("ps", "-a", "-s", "--format", "{{.Size}}"), /^2\d(\.\d)?MB/);
  const pruned = await daemon.succeeds(["container", "prune", "--force"]);
  assert.match(pruned, /Total reclaimed space: 2\d(\.\d)?MB/);
  assert.equal(await daemon.succeeds(["ps", "-aq"]), "");
});

test("volume prune takes unused volumes, by label too, and tells what they took", async () => {
  for (const name of ["kept", "labelled", "plain"])
    await daemon.succeeds(["volume", "create", "--label", `${name}=1`, name]);
  const fill = "head -c 3000000 /dev/urandom > /v/file";
  await daemon.succeeds(["run", "--rm", "-v", "labelled:/v", small, fill]);
  await daemon.succeeds(["create", "--name", "user", "-v", "kept:/v", small]);
  const some = await daemon.succeeds(["volume", "prune", "-af", "--filter", "label=labelled"]);
  assert.match(some, /^Deleted Volumes:\nlabelled\n\nTotal reclaimed space: 3(\.\d+)?MB\n$/);
  assert.match(await docker("volume", "prune", "-af", "--filter", "label!=plain"), / 0B\n$/);
  assert.match(await docker("volume", "prune", "-af"), /^Deleted Volumes:\nplain\n/);
  assert.equal(await daemon.succeeds(["volume", "ls", "-q"]), "kept\n");
  await daemon.succeeds(["rm", "user"]);
  await daemon.succeeds(["volume", "rm", "kept"]);
});

test("system prune takes stopped containers and nameless images, for both CLIs", async () => {
  for (const prune of [docker, (...words: string[]) => daemon.succeeds(words)]) {
    await load("one:1", "first");
    await load("one:1", "second");
    await daemon.succeeds(["create", "--name", "stopped", small]);
    const said = await prune("system", "prune", "-f");
    assert.match(said, /Deleted Containers:\n[0-9a-f]{64}\n/);
    assert.match(said, /deleted: sha256:/);
    assert.equal(await daemon.succeeds(["ps", "-aq"]), "");
    await daemon.succeeds(["rmi", "one:1"]);
  }
});

test("verify finds one changed byte of a layer, of an index, of a disk", async () => {
  await load("one:1", "first");
  assert.match(await daemon.succeeds(["image", "verify"]), /whole {2}one:1, 2 layers/);
  const images = join(daemon.root, "data/images");
  const targets: [folder: string, file: string, wanted: RegExp][] = [
    ["layers", "data", /layer sha256:[0-9a-f]{64} has changed/],
    ["layers", "index", /layer sha256:[0-9a-f]{64} has changed/],
    ["disks", "metadata.erofs", /the composed disk has changed/],
  ];
  for (const [folder, file, wanted] of targets) {
    const names = await readdir(join(images, folder));
    await using _turned = await turnByte(join(images, folder, names[0] ?? "", file));
    const { code, stdout } = await daemon.dvm(["image", "verify"]);
    assert.equal(code, 1, `${folder}/${file}: ${stdout}`);
    assert.match(stdout, wanted);
  }
  assert.equal((await daemon.dvm(["image", "verify"])).code, 0);
  const unknown = await daemon.dvm(["image", "verify", "nosuch"]);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /No such image: nosuch/);
});

/** Changes one byte in the middle, until it is disposed of. */
async function turnByte(path: string): Promise<AsyncDisposable> {
  const file = await open(path, "r+");
  const { size } = await file.stat();
  const at = Math.floor(size / 3);
  const old = Buffer.alloc(1);
  await file.read(old, 0, 1, at);
  await file.write(Buffer.from([(old[0] ?? 0) ^ 1]), 0, 1, at);
  return {
    async [Symbol.asyncDispose]() {
      await file.write(old, 0, 1, at);
      await file.close();
    },
  };
}

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { open, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { dockerArchive, makeTar } from "../support/tar.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TestDaemon } from "../support/test-daemon.ts";

const run = promisify(execFile);
const small = "dvm-fixture:small";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
  await daemon.succeeds(["tag", small, "registry.example:5000/team/app:1"]);
  await daemon.succeeds(["tag", small, "registry.example:5000/team/app:2"]);
  const shared = makeTar([{ path: "shared", content: "x".repeat(300_000) }]);
  for (const name of ["one:1", "two:1"]) {
    const archive = makeTar(dockerArchive([shared, makeTar([{ path: name }])], { name }));
    assert.equal((await daemon.dvm(["load"], { input: archive })).code, 0);
  }
});
after(() => daemon?.[Symbol.asyncDispose]());

async function idOf(name: string): Promise<string> {
  return (await daemon.succeeds(["images", "-q", "--no-trunc", name])).trim();
}

test("what is saved loads again as the same image with the same names", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "app.tar");
  await daemon.succeeds(["save", "-o", file, small, "registry.example:5000/team/app"]);
  await using other = await TestDaemon.start();
  const said = await other.succeeds(["load", "-i", file]);
  for (const name of [
    small,
    "registry.example:5000/team/app:1",
    "registry.example:5000/team/app:2",
  ])
    assert.match(said, new RegExp(`^Loaded image: ${name}$`, "m"));
  const [theirs, ours] = await Promise.all([
    other.succeeds(["images", "-q", "--no-trunc", small]),
    idOf(small),
  ]);
  assert.equal(theirs.trim(), ours);
  assert.equal(await other.succeeds(["run", "--rm", small]), "small image speaking\n");
});

test("docker's own CLI saves, and its archive is the same to the byte", async () => {
  await using folder = await temporaryFolder();
  const [theirs, ours] = [join(folder.path, "theirs.tar"), join(folder.path, "ours.tar")];
  assert.equal((await daemon.docker(["save", "-o", theirs, small, "one:1"])).code, 0);
  await daemon.succeeds(["save", "-o", ours, small, "one:1"]);
  assert((await readFile(theirs)).equals(await readFile(ours)));
});

test("podman loads it; skopeo and umoci read it as an OCI layout", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "small.tar");
  await daemon.succeeds(["save", "-o", file, small]);
  const store = ["--root", join(folder.path, "root"), "--runroot", join(folder.path, "runroot")];
  const podman = [...store, "--storage-driver=vfs", "--cgroup-manager=cgroupfs"];
  try {
    await run("podman", [...podman, "load", "-i", file]);
    const { stdout } = await run("podman", [...podman, "inspect", "--format", "{{.Id}}", small]);
    assert.equal(`sha256:${stdout.trim()}`, await idOf(small));
  } finally {
    await run("podman", [...podman, "rmi", "-af"]);
  }
  const copy = join(folder.path, "copy");
  await run("skopeo", ["copy", `oci-archive:${file}:small`, `oci:${copy}:small`]);
  await run("umoci", ["unpack", "--image", `${copy}:small`, join(folder.path, "bundle")]);
  assert((await readdir(join(folder.path, "bundle/rootfs"))).includes("etc"));
});

test("a layer that two images share is in the archive once", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "both.tar");
  await daemon.succeeds(["save", "-o", file, "one:1", "two:1"]);
  const { stdout } = await run("tar", ["-tf", file]);
  const blobs = stdout.split("\n").filter((name) => name.startsWith("blobs/"));
  assert.equal(blobs.length, 3 + 2 * 2, "three layers, two configurations, two manifests");
  assert.equal(new Set(blobs).size, blobs.length);
});

test("by id an image has no name in the archive", async () => {
  const id = await idOf("one:1");
  await using other = await TestDaemon.start();
  await using folder = await temporaryFolder();
  const file = join(folder.path, "id.tar");
  await daemon.succeeds(["save", "-o", file, id]);
  assert.equal(await other.succeeds(["load", "-i", file]), `Loaded image ID: ${id}\n`);
});

test("an image that isn't there, or is damaged, is an error, and the old file stays", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "out.tar");
  await writeFile(file, "as before");
  const missing = await daemon.dvm(["save", "-o", file, "nosuch"]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /No such image: nosuch\n/);
  const [image] = JSON.parse(await daemon.succeeds(["inspect", "two:1"]));
  const diffId: string = image.RootFS.Layers[0];
  const layers = join(daemon.root, "data/images/layers", diffId.slice(7));
  await using data = await open(join(layers, "data"), "r+");
  await data.write("damage", 1000);
  for (const output of [["-o", file], []]) {
    const { code, stderr } = await daemon.dvm(["save", ...output, "two:1"]);
    assert.equal(code, 1);
    assert.match(stderr, /^cannot write .*: the daemon broke it off\n/);
  }
  assert.match(await daemon.log(), /cannot read layer sha256:[0-9a-f]{64}: what is kept of it/);
  await data.write("xxxxxx", 1000);
  assert.equal(await readFile(file, "utf8"), "as before");
  assert.deepEqual(await readdir(folder.path), ["out.tar"]);
});

import assert from "node:assert/strict";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { ImageStore } from "../../src/image/store/image-store.ts";
import { dockerArchive, makeTar, streamOf } from "../support/tar.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const shared = makeTar([{ path: "shared", content: "in both" }]);
const free = { force: false, users: () => ({}) };

function archive(name: string): Buffer {
  return makeTar(dockerArchive([shared, makeTar([{ path: name }])], { name: `${name}:1` }));
}

test("images are found by name, by id and by the beginning of an id", async () => {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  const [image] = await store.load(streamOf(archive("one")));
  const id = image?.id ?? "";
  store.tag("one:1", "other");
  for (const name of [
    "one:1",
    "docker.io/library/one:1",
    "other",
    id,
    id.slice(7),
    id.slice(7, 19),
  ])
    assert.equal(store.find(name).id, id, name);
  assert.throws(() => store.find("one"), {
    code: "not-found",
    message: "No such image: one:latest",
  });
});

test("removing an image keeps the layers that another one has", async () => {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  await store.load(streamOf(archive("one")));
  await store.load(streamOf(archive("two")));
  assert.equal((await readdir(join(folder.path, "layers"))).length, 3);
  const removed = await store.remove("one:1", free);
  assert.equal(removed[0]?.untagged, "one:1");
  assert.equal((await readdir(join(folder.path, "layers"))).length, 2);
  await store.remove("two:1", free);
  for (const name of ["layers", "disks", "tmp"])
    assert.deepEqual(await readdir(join(folder.path, name)), [], name);
});

test("an image that a container needs keeps its disk by force, is seen no more, and goes with that", async () => {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  const [image] = await store.load(streamOf(archive("one")));
  const id = image?.id ?? "";
  const users = () => ({ stopped: "0123456789abcdef" });
  await assert.rejects(store.remove("one:1", { force: false, users }), {
    code: "conflict",
    message: /container 0123456789ab is using its referenced image/,
  });
  assert.deepEqual(await store.remove("one:1", { force: true, users }), [
    { untagged: "one:1", of: id },
    { deleted: id, of: id },
  ]);
  assert.deepEqual(store.list(), []);
  assert.throws(() => store.find(id), { code: "not-found" });
  assert.notEqual((await store.disk(id)).sizeBytes, 0);
  await store.cleanUp();
  assert.deepEqual(await store.sweep((held) => held === id), []);
  assert.equal(store.findHeld(id).id, id);
  assert.deepEqual(await store.sweep(() => false), [id]);
  assert.deepEqual(await readdir(join(folder.path, "layers")), []);
});

test("an image that comes again is no longer removed", async () => {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  const [image] = await store.load(streamOf(archive("one")));
  await store.remove("one:1", { force: true, users: () => ({ stopped: "0123456789abcdef" }) });
  await store.load(streamOf(archive("one")));
  assert.equal(store.find("one:1").id, image?.id);
  assert.deepEqual(await store.sweep(() => false), []);
});

test("an id with several names is removed only by force", async () => {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  const [image] = await store.load(streamOf(archive("one")));
  const id = image?.id ?? "";
  store.tag(id, "again:2");
  await assert.rejects(store.remove(id, free), /referenced in multiple repositories/);
  const removed = await store.remove(id, { ...free, force: true });
  assert.deepEqual(removed.slice(0, 3), [
    { untagged: "again:2", of: id },
    { untagged: "one:1", of: id },
    { deleted: id, of: id },
  ]);
});

test("a store that is opened again has what it had, and not what a crash left", async () => {
  await using folder = await temporaryFolder();
  const [image] = await (async () => {
    await using store = await ImageStore.open(folder.path);
    return await store.load(streamOf(archive("one")));
  })();
  await mkdir(join(folder.path, "tmp/work-left"));
  await mkdir(join(folder.path, "layers", "f".repeat(64)));
  await mkdir(join(folder.path, "disks", "e".repeat(64)));
  await using store = await ImageStore.open(folder.path);
  assert.equal(store.find("one:1").id, image?.id);
  assert.deepEqual(await readdir(join(folder.path, "tmp")), []);
  assert.equal((await readdir(join(folder.path, "layers"))).length, 2);
  assert.equal((await readdir(join(folder.path, "disks"))).length, 1);
});

test("a disk that has gone is made again from the layers", async () => {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  const [image] = await store.load(streamOf(archive("one")));
  const before = await store.disk(image?.id ?? "");
  await rm(join(folder.path, "disks"), { recursive: true });
  await mkdir(join(folder.path, "disks"));
  assert.deepEqual(await store.disk(image?.id ?? ""), before);
});

test("two loads of the same archive at once give one image", async () => {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  const loads = [archive("one"), archive("one"), archive("two")].map((one) =>
    store.load(streamOf(one)),
  );
  await Promise.all(loads);
  assert.equal(store.list().length, 2);
  assert.deepEqual(await readdir(join(folder.path, "tmp")), []);
});

test("an import takes Dockerfile instructions", async () => {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  const changes = [
    'CMD ["sh", "-l"]',
    "ENTRYPOINT exec it",
    'ENV A=1 B="two words"',
    "EXPOSE 80 53/udp",
    "LABEL x=y",
    "VOLUME /data",
    "WORKDIR /work",
    "USER 7:8",
    "STOPSIGNAL INT",
  ];
  await store.importRootFs(streamOf(shared), { reference: "made", changes });
  assert.deepEqual(store.find("made:latest").config, {
    user: "7:8",
    exposedPorts: ["80/tcp", "53/udp"],
    env: ["A=1", "B=two words"],
    entrypoint: ["/bin/sh", "-c", "exec it"],
    cmd: ["sh", "-l"],
    volumes: ["/data"],
    workingDir: "/work",
    labels: { x: "y" },
    stopSignal: "INT",
  });
  await assert.rejects(store.importRootFs(streamOf(shared), { changes: ["RUN x"] }), {
    code: "invalid",
    message: "RUN is not a valid change command",
  });
});

test("an import of nothing is an empty image, as Docker has it", async () => {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  const { id } = await store.importRootFs(streamOf(Buffer.alloc(0)));
  const nothing = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  assert.deepEqual(store.find(id).layers, [nothing]);
  assert.equal((await buffer(store.openLayerTar(nothing))).length, 0);
});

test("a name is read as Docker reads it, and a bad one is refused", async () => {
  const { parseReference } = await import("../../src/image/reference.ts");
  const familiar: Record<string, string> = {
    nginx: "nginx:latest",
    "docker.io/library/nginx": "nginx:latest",
    "user/app:1": "user/app:1",
    "localhost/app": "localhost/app:latest",
    "registry.example:5000/a/b:c": "registry.example:5000/a/b:c",
  };
  for (const [text, expected] of Object.entries(familiar))
    assert.equal(parseReference(text).familiar, expected);
  for (const text of ["", "Upper", "a//b", "a:", "a:b c", "-x", "../x", "a@sha256:12"])
    assert.throws(() => parseReference(text), { code: "invalid" }, text);
});

import assert from "node:assert/strict";
import { mkdir, readdir, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { shapeKey, TemplateStore, type Shape } from "../../src/machine/template-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const shape: Shape = {
  driver: "fake",
  vmm: "fake 1",
  accelerator: "tcg",
  kernel: "hyper 6.1",
  kernelDigest: "sha256:00",
  initramfs: "/initramfs/a.cpio",
  cpus: 1,
  memoryMiB: 512,
  nics: "user",
  disks: "image0:r,scratch0:w",
  image: "",
  newScratch: true,
  hostBoot: "a boot",
  tscKhz: 2_000_000,
};

const writeState = (folder: string) => writeFile(join(folder, "state"), "a state");

test("a template that was written whole is found by its shape, and listed", async () => {
  await using folder = await temporaryFolder();
  const store = await TemplateStore.open(folder.path);
  const { key } = await store.add(shape, writeState);
  assert.equal(key, shapeKey(shape));
  assert.deepEqual((await store.find(key))?.shape, shape);
  assert.deepEqual(
    (await store.list()).map((one) => one.key),
    [key],
  );
  assert.deepEqual((await (await TemplateStore.open(folder.path)).find(key))?.shape, shape);
});

test("two shapes that differ in any one thing have different names", () => {
  const others = Object.entries(shape).map(([name, value]) => ({
    ...shape,
    [name]: typeof value === "string" ? `${value}x` : typeof value === "number" ? value + 1 : false,
  }));
  const keys = new Set([shape, ...others].map((one) => shapeKey(one)));
  assert.equal(keys.size, others.length + 1);
});

test("a template that could not be written leaves nothing, and the one before it stays", async () => {
  await using folder = await temporaryFolder();
  const store = await TemplateStore.open(folder.path);
  const failing = async (path: string) => {
    await writeState(path);
    throw new Error("no space");
  };
  await assert.rejects(store.add(shape, failing), /no space/);
  assert.deepEqual(await readdir(folder.path), []);
  const { key } = await store.add(shape, writeState);
  await assert.rejects(store.add(shape, failing), /no space/);
  assert.deepEqual(await readdir(folder.path), [key]);
  assert((await store.find(key)) !== undefined);
});

test("a template with a file that was cut or taken away is none", async () => {
  await using folder = await temporaryFolder();
  const store = await TemplateStore.open(folder.path);
  const { key } = await store.add(shape, writeState);
  await truncate(join(folder.path, key, "state"), 3);
  assert.equal(await store.find(key), undefined);
  assert.deepEqual(await store.list(), []);
});

test("what a crash left half-made goes when the store opens", async () => {
  await using folder = await temporaryFolder();
  const { key } = await (await TemplateStore.open(folder.path)).add(shape, writeState);
  await mkdir(join(folder.path, `${key}.123.tmp`));
  await writeState(join(folder.path, `${key}.123.tmp`));
  await TemplateStore.open(folder.path);
  assert.deepEqual(await readdir(folder.path), [key]);
});

test("a record that no DVM wrote is no template", async () => {
  await using folder = await temporaryFolder();
  const store = await TemplateStore.open(folder.path);
  const { key } = await store.add(shape, writeState);
  await writeFile(join(folder.path, key, "template.json"), `{"format":2,"shape":`);
  assert.equal(await store.find(key), undefined);
});

test("get takes a beginning of a name, and refuses one that fits two or none", async () => {
  await using folder = await temporaryFolder();
  const store = await TemplateStore.open(folder.path);
  const { key } = await store.add(shape, writeState);
  assert.equal((await store.get(key.slice(0, 5))).key, key);
  await assert.rejects(store.get("zz"), { code: "not-found" });
  await assert.rejects(store.get(""), { code: "not-found" });
  await assert.rejects(store.get("../state"), { code: "not-found" });
  for (let cpus = 2; cpus < 20; cpus += 1) await store.add({ ...shape, cpus }, writeState);
  const [first] = [...(await store.list())].map((one) => one.key[0]).filter(isTwice);
  assert(first !== undefined);
  await assert.rejects(store.get(first), { code: "invalid" });
});

test("beyond 24 templates the one that was not used for longest goes", async () => {
  await using folder = await temporaryFolder();
  const store = await TemplateStore.open(folder.path);
  const keys: string[] = [];
  for (let cpus = 1; cpus <= 24; cpus += 1) {
    const { key } = await store.add({ ...shape, cpus }, writeState);
    await utimes(join(folder.path, key, "template.json"), cpus, cpus);
    keys.push(key);
  }
  const [oldest = "", second = ""] = keys;
  const template = await store.get(oldest);
  await store.touch(template);
  await store.add({ ...shape, cpus: 99 }, writeState);
  assert.equal(await store.find(second), undefined);
  assert((await store.find(oldest)) !== undefined);
});

function isTwice(value: unknown, index: number, all: unknown[]): boolean {
  return all.indexOf(value) !== index;
}

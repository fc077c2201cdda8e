import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { appendFile, chmod, mkdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;
let shared: string;
let heard = 0;

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
  shared = join(daemon.root, "shared");
  const tools = join(daemon.root, "tools");
  for (const folder of [join(shared, "below"), tools]) await mkdir(folder, { recursive: true });
  await writeFile(join(shared, "file"), "one\n");
  const source = join(import.meta.dirname, "../fileserver/watcher.c");
  await promisify(execFile)("gcc", [
    ...["-D_GNU_SOURCE", "-O1", "-static", "-o", join(tools, "watcher"), source],
  ]);
  await daemon.succeeds([
    ...["run", "-d", "--name", "watcher", "-v", `${tools}:/tools:ro`, "-v", `${shared}:/s`],
    ...["-v", `${shared}/file:/single`, image, "/tools/watcher /s /s/below /s/file /single"],
  ]);
  await heardNext(["watching"]);
});
after(() => daemon?.[Symbol.asyncDispose]());

/** Waits until the watcher in the guest has said these lines, in this order and nothing else. */
async function heardNext(lines: string[], unlike?: RegExp): Promise<void> {
  const deadline = performance.now() + 20_000;
  let said: string[] = [];
  let all = 0;
  while (performance.now() < deadline) {
    const { stdout } = await daemon.dvm(["logs", "watcher"]);
    said = stdout.split("\n").slice(heard, -1);
    all = said.length;
    // how far it was heard of depends on how soon it had gone
    said = said.filter((line) => unlike?.test(line) !== true);
    if (said.length >= lines.length) break;
    await delay(50);
  }
  assert.deepEqual(said, lines);
  heard += all;
}

test("who watches a bind in the guest hears of what is written on the host", async () => {
  await appendFile(join(shared, "file"), "two\n");
  // one file, shared by its folder and by itself
  await heardNext([
    ...["/s modify file", "/s/file modify", "/single modify"],
    ...["/s close file", "/s/file close", "/single close"],
  ]);
});

test("files and folders that are made, moved and removed are heard of by their names", async () => {
  await writeFile(join(shared, "new"), "x");
  await heardNext(["/s create new", "/s modify new", "/s close new"]);
  await mkdir(join(shared, "folder"));
  await heardNext(["/s create,folder folder"]);
  await rename(join(shared, "new"), join(shared, "below/newer"));
  await heardNext(["/s from new", "/s/below to newer"]);
  await chmod(join(shared, "below/newer"), 0o600);
  await heardNext(["/s/below attrib newer"]);
  await rm(join(shared, "below/newer"));
  await heardNext(["/s/below delete newer"]);
  await rmdir(join(shared, "folder"));
  await heardNext(["/s delete,folder folder"]);
});

test("what has gone again before it was heard of is heard of by its names", async () => {
  const [one, other] = [join(shared, "short"), join(shared, "shorter")];
  await writeFile(one, "");
  await rename(one, other);
  await rm(other);
  await heardNext(
    ["/s create short", "/s from short", "/s to shorter", "/s delete shorter"],
    /close/,
  );
});

test("what the guest changes itself it hears of once", async () => {
  await daemon.succeeds(["exec", "watcher", "sh", "-c", "echo x > /s/own; rm /s/own"]);
  await delay(300);
  await heardNext(["/s create own", "/s modify own", "/s close own", "/s delete own"]);
});

test("a file whose place another one takes is gone for who watches it", async () => {
  await writeFile(join(shared, "next"), "replaced\n");
  await heardNext(["/s create next", "/s modify next", "/s close next"]);
  await rename(join(shared, "next"), join(shared, "file"));
  await heardNext([
    ...["/s from next", "/s to file", "/s/file attrib"],
    ...["/s/file delete-self", "/s/file ignored", "/single attrib"],
  ]);
  const { stdout } = await daemon.dvm(["exec", "watcher", "cat", "/s/file"]);
  assert.equal(stdout, "replaced\n");
});

test("telling changes nothing on the host", async () => {
  assert.equal(await readFile(join(shared, "file"), "utf8"), "replaced\n");
  const { stdout } = await promisify(execFile)("find", [shared, "-printf", "%P "]);
  assert.deepEqual(stdout.trim().split(" ").sort(), ["below", "file"]);
});

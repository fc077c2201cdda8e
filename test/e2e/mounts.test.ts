import assert from "node:assert/strict";
import { chmod, mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;
let shared: string;

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
  shared = join(daemon.root, "shared, with a comma");
  await mkdir(shared);
  await chmod(shared, 0o777);
});
after(() => daemon?.[Symbol.asyncDispose]());

const run = (flags: string[], line: string) => daemon.dvm(["run", "--rm", ...flags, image, line]);

test("a folder of the host is seen and written through a bind", async () => {
  await writeFile(join(shared, "from-host"), "host\n");
  const result = await run(
    ["-v", `${shared}:/shared`],
    "cat /shared/from-host; echo guest > /shared/from-guest; mkdir /shared/folder; ln -s x /shared/link",
  );
  assert.deepEqual(result, { code: 0, stdout: "host\n", stderr: "" });
  assert.equal(await readFile(join(shared, "from-guest"), "utf8"), "guest\n");
  assert.deepEqual((await readdir(shared)).sort(), ["folder", "from-guest", "from-host", "link"]);
});

test("what the host changes while the container runs is seen at once", async () => {
  await writeFile(join(shared, "changing"), "one");
  await daemon.succeeds([
    "run",
    "-d",
    "--name",
    "watcher",
    "-v",
    `${shared}:/shared`,
    image,
    "sleep 1000",
  ]);
  const seen = () => daemon.succeeds(["exec", "watcher", "cat", "/shared/changing"]);
  assert.equal(await seen(), "one");
  await writeFile(join(shared, "changing"), "two, longer");
  assert.equal(await seen(), "two, longer");
  await daemon.succeeds(["rm", "-f", "watcher"]);
});

test("a read-only bind refuses writes on the host's side too", async () => {
  const result = await run(
    ["-v", `${shared}:/shared:ro`, "--privileged"],
    "echo x > /shared/x; mount -o remount,rw,bind /shared; echo x > /shared/x; true",
  );
  assert.match(result.stderr, /Read-only file system/);
  assert.equal((await readdir(shared)).includes("x"), false);
});

test("a single file is bound, and written in place", async () => {
  const file = join(daemon.root, "single");
  await writeFile(file, "before\n");
  const { ino } = await stat(file);
  const result = await run(
    ["-v", `${file}:/etc/single`],
    "cat /etc/single; echo after > /etc/single; ls /etc | grep -c single",
  );
  assert.deepEqual(result, { code: 0, stdout: "before\n1\n", stderr: "" });
  assert.equal(await readFile(file, "utf8"), "after\n");
  assert.equal((await stat(file)).ino, ino);
});

test("a guest can't reach what lies beside a bound file or above a bound folder", async () => {
  const folder = join(daemon.root, "inner");
  await mkdir(folder);
  await writeFile(join(daemon.root, "secret"), "secret");
  const result = await run(
    ["-v", `${folder}:/in`, "--privileged"],
    "ls /in/..; cat /in/../secret; ln -s ../secret /in/link; cat /in/link; true",
  );
  assert.doesNotMatch(result.stdout, /secret/);
});

test("a named volume outlives its containers, and starts with what the image has there", async () => {
  const first = await run(
    ["-v", "kept:/work"],
    "cat /work/replaced; echo new > /work/new; rm /work/replaced",
  );
  assert.deepEqual(first, { code: 0, stdout: "two\n", stderr: "" });
  assert.equal((await run(["-v", "kept:/work"], "ls /work")).stdout, "new\n");
  const readOnly = await run(["-v", "looked-at:/work:ro"], "ls /work; touch /work/x");
  assert.deepEqual([readOnly.code, readOnly.stdout], [1, "replaced\n"]);
  assert.match(readOnly.stderr, /Read-only file system/);
  await daemon.succeeds(["volume", "rm", "looked-at"]);
  assert.match(await daemon.succeeds(["volume", "ls"]), /local +kept\n/);
  await daemon.succeeds(["volume", "rm", "kept"]);
});

test("a volume in use can't be removed, and --rm takes anonymous ones away", async () => {
  await daemon.succeeds(["run", "-d", "--name", "user", "-v", "busy:/data", image, "sleep 1000"]);
  const refused = await daemon.dvm(["volume", "rm", "busy"]);
  assert.match(refused.stderr, /volume is in use/);
  await daemon.succeeds(["rm", "-f", "user"]);
  await daemon.succeeds(["volume", "rm", "busy"]);
  await run(["-v", "/anonymous"], "echo x > /anonymous/x");
  assert.equal(await daemon.succeeds(["volume", "ls", "-q"]), "");
});

test("a tmpfs is empty, limited and gone afterwards", async () => {
  const result = await run(
    ["--tmpfs", "/work:size=1m,mode=700"],
    "ls /work; stat -c %a /work; dd if=/dev/zero of=/work/x bs=1M count=2",
  );
  assert.match(result.stderr, /No space left on device/);
  assert.match(result.stdout, /^700\n/);
});

test("owners and modes that a container sets are its own when it looks again", async () => {
  const line =
    "touch /data/f && chown 1000:50 /data/f && chmod 4751 /data/f && stat -c '%u:%g %a' /data/f";
  const result = await run(["-v", "owned:/data"], line);
  assert.deepEqual(result, { code: 0, stdout: "1000:50 4751\n", stderr: "" });
  assert.equal(
    (await run(["-v", "owned:/data"], "stat -c '%u:%g %a' /data/f")).stdout,
    "1000:50 4751\n",
  );
});

test("a hundred binds and volumes are no more than one", async () => {
  const many = join(daemon.root, "many");
  await mkdir(many);
  const flags: string[] = [];
  for (let index = 0; index < 60; index += 1) {
    await writeFile(join(many, `file${index}`), `${index}\n`);
    flags.push("-v", `${join(many, `file${index}`)}:/many/${index}`);
  }
  for (let index = 0; index < 40; index += 1) flags.push("-v", `/volume/${index}`);
  const result = await run(flags, "cat /many/*; ls -d /volume/* | wc -l");
  assert.equal(result.stderr, "");
  const lines = result.stdout.trim().split("\n");
  assert.deepEqual(
    lines
      .slice(0, -1)
      .map(Number)
      .sort((a, b) => a - b),
    [...Array(60).keys()],
  );
  assert.equal(lines.at(-1)?.trim(), "40");
});

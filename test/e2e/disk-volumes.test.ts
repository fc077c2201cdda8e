import assert from "node:assert/strict";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
  await daemon.succeeds(["volume", "create", "--opt", "type=disk", "--opt", "size=256m", "disk"]);
});
after(() => daemon?.[Symbol.asyncDispose]());

const run = (flags: string[], line: string) => daemon.dvm(["run", "--rm", ...flags, image, line]);
const diskFile = () => join(daemon.root, "data/volumes/disk/disk.img");

test("a volume of type disk begins empty, keeps what is written, and has its size", async () => {
  const first = await run(
    ["-v", "disk:/v"],
    "ls -A /v; grep ' /v ' /proc/mounts | cut -d' ' -f3; echo kept > /v/file; mkdir /v/folder",
  );
  assert.deepEqual(first, { code: 0, stdout: "ext4\n", stderr: "" });
  const second = await run(
    ["-v", "disk:/v"],
    "cat /v/file; dd if=/dev/urandom of=/v/big bs=1M count=300 2>&1 | grep -c 'No space'; rm /v/big",
  );
  assert.deepEqual([second.code, second.stdout], [0, "kept\n1\n"]);
});

test("room that is free again in it is free on the host, too", async () => {
  const before = (await stat(diskFile())).blocks;
  assert(before * 512 < 32 * 2 ** 20, `it takes ${before * 512} bytes`);
  await run(["-v", "disk:/v"], "dd if=/dev/urandom of=/v/big bs=1M count=64 2>/dev/null");
  const full = (await stat(diskFile())).blocks;
  assert(full * 512 > 64 * 2 ** 20);
  await run(["-v", "disk:/v"], "rm /v/big; sync");
  assert((await stat(diskFile())).blocks * 512 < 32 * 2 ** 20);
});

test("an empty one gets what the image has at its target", async () => {
  const mount = "type=volume,source=filled,target=/etc,volume-opt=type=disk,volume-opt=size=64m";
  const { stdout } = await daemon.docker([
    ...["run", "--rm", "--mount", mount, image, "ls /etc | grep -c passwd"],
  ]);
  assert.equal(stdout, "1\n");
});

test("several machines read it at once, none of them writes", async () => {
  await run(["-v", "disk:/v"], "echo shared > /v/shared");
  await daemon.succeeds([
    ...["run", "-d", "--name", "reader", "-v", "disk:/v:ro", image, "sleep 600"],
  ]);
  const second = await run(
    ["-v", "disk:/v:ro"],
    "cat /v/shared; touch /v/x 2>/dev/null || echo no",
  );
  assert.deepEqual([second.code, second.stdout], [0, "shared\nno\n"]);
  const writer = await run(["-v", "disk:/v"], "true");
  assert.match(writer.stderr, /cannot use volume disk: it is a disk, and container/);
  await daemon.succeeds(["rm", "-f", "reader"]);
});

test("files go into it and out of it by cp, of a container that has ended, too", async () => {
  await daemon.dvm(["run", "--name", "ended", "-v", "disk:/v", image, "true"]);
  const path = join(daemon.root, "in");
  await writeFile(path, "by cp\n");
  await daemon.succeeds(["cp", path, "ended:/v/copied"]);
  const { stdout } = await run(["-v", "disk:/v"], "cat /v/copied");
  assert.equal(stdout, "by cp\n");
  await daemon.succeeds(["rm", "ended"]);
});

test("what a machine has synced is there after that was killed", async () => {
  await daemon.succeeds([
    ...["run", "-d", "--name", "killed", "-v", "disk:/v", image],
    "echo synced > /v/synced; sync; echo done; sleep 600",
  ]);
  for (;;) {
    const { stdout } = await daemon.dvm(["logs", "killed"]);
    if (stdout.includes("done")) break;
  }
  const { stdout: pid } = await daemon.dvm(["inspect", "-f", "{{.State.Pid}}", "killed"]);
  process.kill(Number(pid), "SIGKILL");
  await daemon.dvm(["wait", "killed"]);
  const { stdout } = await run(["-v", "disk:/v"], "cat /v/synced");
  assert.equal(stdout, "synced\n");
  await daemon.succeeds(["rm", "-f", "killed"]);
});

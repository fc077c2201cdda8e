import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { needsRoot } from "../support/small-disk.ts";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
});
after(() => daemon?.[Symbol.asyncDispose]());

const run = (flags: string[], line: string) =>
  daemon.docker(["run", "--rm", ...flags, image, line]);
const seccomp = "grep -h Seccomp: /proc/self/status";

test("every process of a container has Docker's filter of system calls", async () => {
  const { stdout, stderr } = await run([], `${seccomp}; unshare -U true; echo $?`);
  assert.equal(stdout, "Seccomp:\t2\n1\n");
  assert.match(stderr, /Operation not permitted/);
  await daemon.succeeds(["run", "-d", "--name", "filtered", "--init", image, "sleep 1000"]);
  const words = ["exec", "--privileged", "filtered", "sh", "-c"];
  const inside = await daemon.docker([...words, `cat /proc/1/status | ${seccomp} -; ${seccomp}`]);
  assert.match(inside.stdout, /^(Seccomp:\t2\n)+$/);
  const mounted = await daemon.docker([...words, "mount -t tmpfs x /tmp"]);
  assert.notEqual(mounted.code, 0);
  await daemon.succeeds(["rm", "-f", "filtered"]);
});

test("a profile of the user's is laid on, and none if that is asked for", async () => {
  const file = join(daemon.root, "profile.json");
  const syscalls = [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95 }];
  await writeFile(file, JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", syscalls }));
  const filtered = await run(["--security-opt", `seccomp=${file}`], "mkdir /made; echo $?");
  assert.equal(filtered.stdout, "1\n");
  assert.match(filtered.stderr, /not supported/i);
  const none = ["--security-opt", "seccomp=unconfined"];
  assert.equal((await run(none, seccomp)).stdout, "Seccomp:\t0\n");
  assert.equal((await run(["--privileged"], seccomp)).stdout, "Seccomp:\t0\n");
});

test("a filter doesn't keep an ordinary user from starting", async () => {
  const flags = ["-u", "1000", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
  const { stdout } = await run(flags, "grep -hE 'Seccomp:|NoNew' /proc/self/status");
  assert.equal(stdout, "NoNewPrivs:\t1\nSeccomp:\t2\n");
});

test("paths of the kernel are hidden, unless they are asked for", async () => {
  const look =
    "wc -c < /proc/interrupts; ls /sys/firmware | wc -l; echo 1 > /proc/sys/vm/swappiness";
  const hidden = await run([], look);
  assert.equal(hidden.stdout.split("\n")[0], "0");
  assert.match(hidden.stderr, /Read-only file system/);
  const seen = await run(["--security-opt", "systempaths=unconfined"], look);
  assert.notEqual(seen.stdout.split("\n")[0], "0");
  assert.equal(seen.stderr, "");
});

test("a device of the machine's is given by its name; one that isn't there says so", async () => {
  const given = await run(["--device", "/dev/zero:/dev/other"], "head -c 3 /dev/other | wc -c");
  assert.equal(given.stdout, "3\n");
  const missing = await run(["--device", "/dev/nope"], "true");
  // by these words the docker CLI takes it for a program's
  assert.equal(missing.code, 127);
  assert.match(
    missing.stderr,
    /error gathering device information while adding custom device "\/dev\/nope": no such file or directory/,
  );
});

test("no container reaches its machine's disks, who may make nodes or not", async () => {
  const line = "mknod /tmp/disk b 254 0 2>/dev/null; head -c 1 /tmp/disk | wc -c";
  assert.equal((await run([], line)).stdout, "0\n");
  assert.equal((await run(["--cap-add", "ALL"], line)).stdout, "0\n");
});

test("a kernel that judges devices lets nodes be made, and refuses to open others", async () => {
  const lines = [
    "mknod /tmp/memory c 1 1 && head -c 1 /tmp/memory | wc -c",
    "mknod /tmp/null c 1 3 && echo x > /tmp/null && echo written",
  ];
  const flags = ["--kernel", "hyper-full", "--no-template"];
  const result = await daemon.dvm(["run", "--rm", ...flags, image, lines.join("; ")]);
  assert.equal(result.stdout, "0\nwritten\n");
  assert.match(result.stderr, /Operation not permitted/);
});

test(
  "a block device of the host is a disk of the container's, to read only if that is asked for",
  needsRoot,
  async () => {
    const losetup = (words: string[]) => promisify(execFile)("losetup", words);
    const file = join(daemon.root, "disk");
    await writeFile(file, Buffer.alloc(2 ** 20));
    const device = (await losetup(["-f", "--show", file])).stdout.trim();
    try {
      const flags = ["--device", `${device}:/dev/own`];
      const written = await run(flags, "echo hello >/dev/own; sync; head -n 1 /dev/own");
      assert.deepEqual(written, { code: 0, stdout: "hello\n", stderr: "" });
      assert.equal((await readFile(file)).toString("utf8", 0, 6), "hello\n");
      const read = await run(
        ["--device", `${device}:/dev/own:r`],
        "head -n 1 /dev/own; echo >/dev/own",
      );
      assert.equal(read.stdout, "hello\n");
      assert.notEqual(read.code, 0);
    } finally {
      await losetup(["-d", device]);
    }
  },
);

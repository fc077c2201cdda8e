import assert from "node:assert/strict";
import { test } from "node:test";
import { TestDaemon } from "../support/test-daemon.ts";

test("doctor names each part, and what follows and what to do where one is missing", async () => {
  await using daemon = await TestDaemon.start();
  const found = await daemon.succeeds(["doctor"]);
  for (const part of [
    "Node",
    "QEMU",
    "Accelerator",
    "Kernel",
    "Own programs",
    "Disk space",
    "User rights",
  ])
    assert.match(found, new RegExp(`^(ok|warning) +${part}: \\S`, "m"));
  assert.match(found, /Kernel: .*hyper \d/);
  const empty = await daemon.client(
    process.execPath,
    [
      new URL("../../src/bin/dvm.ts", import.meta.url).pathname,
      "--data-root",
      `${daemon.root}/nothing`,
      "doctor",
    ],
    {},
  );
  assert.match(empty.stdout, /MISSING +Kernel: .*\n +so: no machine can start\n +do: dvm setup/);
});

test("setup on a machine that has everything does nothing", async () => {
  await using daemon = await TestDaemon.start();
  const first = await daemon.dvm(["setup", "--yes"]);
  assert.equal(first.code, 0, first.stderr);
  assert.match(await daemon.succeeds(["run", "--rm", "hello"]), /Hello from a machine of my own/);
  const second = await daemon.dvm(["setup", "--yes"]);
  assert.match(second.stderr, /Nothing is missing/);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { GivenSettings } from "../../src/daemon/given-settings.ts";
import { daemonSettings } from "../../src/bin/daemon/daemon-settings.ts";

const nothing = new GivenSettings(new Map());
const gibibyte = 2 ** 30;
const poolOf = (environment: Record<string, string>, hostGiB: number) =>
  daemonSettings({ environment, given: nothing }, hostGiB * gibibyte, []).pool;

test("by default as many stand ready as one percent of the memory holds, two at most: none on a small host", () => {
  assert.equal(poolOf({}, 1).perShape, 0);
  assert.equal(poolOf({}, 2).machines, 0);
  assert.equal(poolOf({}, 5).perShape, 1);
  assert.equal(poolOf({}, 24).perShape, 2);
  assert.equal(poolOf({}, 512).perShape, 2);
});

test("DVM_POOL says how many machines stand ready for each shape; without templates none do", () => {
  assert.deepEqual(poolOf({ DVM_POOL: "5" }, 24), { perShape: 5, machines: 15 });
  assert.deepEqual(poolOf({ DVM_POOL: "0" }, 512), { perShape: 0, machines: 0 });
  assert.deepEqual(poolOf({ DVM_POOL: "5", DVM_TEMPLATES: "off" }, 24), {
    perShape: 0,
    machines: 0,
  });
});

test("a pool never takes more than a tenth of the host's memory, at 40 MiB each", () => {
  assert.deepEqual(poolOf({ DVM_POOL: "64" }, 8), { perShape: 64, machines: 20 });
});

test("a setting that can't be is refused with what it may be", () => {
  for (const value of ["-1", "65", "two", "1.5"])
    assert.throws(() => poolOf({ DVM_POOL: value }, 24), /it must be a number from 0 to 64/);
  assert.throws(() => poolOf({ DVM_TEMPLATES: "maybe" }, 24), /it must be on or off/);
});

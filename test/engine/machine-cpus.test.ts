import assert from "node:assert/strict";
import { test } from "node:test";
import { machineCpus } from "../../src/engine/plan/machine-size.ts";

test("a machine gets as many processors as --cpus needs, and no more than its kernel can use", () => {
  assert.equal(machineCpus(0, 4, { name: "hyper" }), 1);
  assert.equal(machineCpus(1.5e9, 4, { name: "hyper" }), 2);
  assert.equal(machineCpus(1e9, 4, { name: "hyper-min", maximumCpus: 1 }), 1);
  assert.throws(() => machineCpus(1.5e9, 4, { name: "hyper-min", maximumCpus: 1 }), {
    code: "invalid",
    message: "cannot give a machine 2 CPUs: its kernel, hyper-min, uses 1",
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { containerLimits } from "../../src/engine/plan/container-limits.ts";
import { machineCpus, memoryMiB } from "../../src/engine/plan/machine-size.ts";
import { resourcesSchema, specifyLimits } from "../../src/engine/records.ts";

const limits = (asked: object) => specifyLimits(resourcesSchema.parse(asked));
const cpus = (asked: object, kernel: { name: string; maximumCpus?: number } = { name: "hyper" }) =>
  machineCpus(limits(asked), 4, kernel);

test("a machine gets as many processors as --cpus needs, and no more than its kernel can use", () => {
  const small = { name: "hyper-min", maximumCpus: 1 };
  assert.equal(cpus({}), 1);
  assert.equal(cpus({ NanoCpus: 1.5e9 }), 2);
  assert.equal(cpus({ NanoCpus: 1e9 }, small), 1);
  assert.throws(() => cpus({ NanoCpus: 1.5e9 }, small), {
    code: "invalid",
    message: "cannot give a machine 2 CPUs: its kernel, hyper-min, uses 1",
  });
});

test("a quota and a set of processors count as much, and the host has no more than it has", () => {
  assert.equal(cpus({ CpuQuota: 250_000 }), 3);
  assert.equal(cpus({ CpuQuota: 250_000, CpuPeriod: 250_000 }), 1);
  assert.equal(cpus({ CpuQuota: 900_000 }), 4);
  assert.equal(cpus({ CpuQuota: -1 }), 1);
  assert.equal(cpus({ CpusetCpus: "0,2" }), 3);
});

test("the agent gets a quota only where the machine has more than that", () => {
  const quota = (asked: object, own?: number) => {
    const { cpuQuotaUs, cpuPeriodUs } = containerLimits(limits(asked), own);
    return [cpuQuotaUs, cpuPeriodUs];
  };
  assert.deepEqual(quota({ NanoCpus: 2e9 }, 2), [0, 0]);
  assert.deepEqual(quota({ NanoCpus: 2e9 }), [200_000, 100_000]);
  assert.deepEqual(quota({ CpuQuota: 50_000, CpuPeriod: 25_000 }, 3), [50_000, 25_000]);
  assert.deepEqual(quota({ CpuPeriod: 25_000 }, 1), [0, 25_000]);
});

test("shares are weights as OCI runtimes count them", () => {
  const weight = (CpuShares: number) => containerLimits(limits({ CpuShares })).cpuWeight;
  assert.deepEqual([0, 1, 2, 1024, 262_144, 1e9].map(weight), [0, 1, 1, 39, 10_000, 10_000]);
});

test("a machine has at least what is reserved", () => {
  assert.equal(memoryMiB(limits({})), 512);
  assert.equal(memoryMiB(limits({ Memory: 2 ** 23 })), 96);
  assert.equal(memoryMiB(limits({ Memory: 2 ** 30 })), 1024 + 56);
  assert.equal(memoryMiB(limits({ MemoryReservation: 2 ** 30 })), 1024 + 56);
});

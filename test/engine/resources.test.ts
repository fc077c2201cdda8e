import assert from "node:assert/strict";
import { test } from "node:test";
import { settleResources } from "../../src/engine/plan.ts";
import { resourcesSchema } from "../../src/engine/records.ts";

const settle = (asked: object, isUpdate = false) =>
  settleResources(resourcesSchema.parse(asked), { hostCpus: 4, isUpdate });
const kernel = (what: string, name: string) =>
  `Your kernel does not support ${what} or the cgroup is not mounted. ${name} discarded.`;

test("limits that no dockerd takes are refused in its words", () => {
  const mebibyte = 2 ** 20;
  for (const [asked, message] of [
    [{ Memory: 5 * mebibyte }, "Minimum memory limit allowed is 6MB"],
    [{ Memory: -1 }, "Minimum memory limit allowed is 6MB"],
    [
      { Memory: 9 * mebibyte, MemorySwap: 8 * mebibyte },
      "Minimum memoryswap limit should be larger than memory limit, see usage",
    ],
    [
      { MemorySwap: 8 * mebibyte },
      "You should always set the Memory limit when using Memoryswap limit, see usage",
    ],
    [{ MemoryReservation: 1 }, "Minimum memory reservation allowed is 6MB"],
    [
      { Memory: 8 * mebibyte, MemoryReservation: 9 * mebibyte },
      "Minimum memory limit can not be less than memory reservation limit, see usage",
    ],
    [{ MemorySwappiness: 101 }, "Invalid value: 101, valid memory swappiness range is 0-100"],
    [
      { NanoCpus: 1e9, CpuPeriod: 1000 },
      "Conflicting options: Nano CPUs and CPU Period cannot both be set",
    ],
    [
      { NanoCpus: 1e9, CpuQuota: 1000 },
      "Conflicting options: Nano CPUs and CPU Quota cannot both be set",
    ],
    [{ NanoCpus: 5e9 }, "range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available"],
    [
      { CpuPeriod: 999 },
      "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
    ],
    [{ CpuQuota: 999 }, "CPU cfs quota can not be less than 1ms (i.e. 1000)"],
    [{ CpusetCpus: "0-4" }, "Requested CPUs are not available - requested 0-4, available: 0-3"],
    [{ CpusetCpus: "0,,1" }, "Invalid value 0,,1 for cpuset cpus: invalid format: 0,,1"],
    [{ CpusetCpus: "1-0" }, "Invalid value 1-0 for cpuset cpus: invalid format: 1-0"],
    [
      { CpusetCpus: "99999" },
      "Invalid value 99999 for cpuset cpus: value of out range, maximum is 8192",
    ],
    [{ CpusetMems: "1" }, "Requested memory nodes are not available - requested 1, available: 0"],
    [
      { IOMaximumIOps: 1 },
      "Invalid QoS settings: linux does not support Maximum IO Bandwidth or Maximum IO IOps",
    ],
  ] as const)
    assert.throws(() => settle(asked), { code: "invalid", message });
  assert.doesNotThrow(() => settle({ MemorySwap: 8 * mebibyte }, true));
});

test("what a machine's kernel hasn't is discarded with Docker's warning", () => {
  const { resources, warnings } = settle({
    ...{ KernelMemory: 2 ** 26, OomKillDisable: true, BlkioWeight: 500, CpuPercent: 3 },
    BlkioWeightDevice: [{ Path: "/dev/a", Weight: 5 }],
  });
  assert.deepEqual(warnings, [
    kernel("kernel memory limit capabilities", "Limitation"),
    "Your kernel does not support OomKillDisable. OomKillDisable discarded.",
    "linux does not support CPU percent. Percent discarded.",
    kernel("Block I/O weight", "Weight"),
    kernel("Block I/O weight_device", "Weight-device"),
  ]);
  const { KernelMemory, OomKillDisable, BlkioWeight, BlkioWeightDevice, CpuPercent } = resources;
  assert.deepEqual(
    [KernelMemory, OomKillDisable, BlkioWeight, BlkioWeightDevice, CpuPercent],
    [0, null, 0, [], 0],
  );
  assert.deepEqual(settle({ OomKillDisable: false, MemorySwappiness: -1 }).warnings, []);
});

test("what is kept and does nothing in a machine is told of", () => {
  const rates = [{ Path: "/dev/a", Rate: 5 }];
  const { resources, warnings } = settle({ MemorySwappiness: 7, BlkioDeviceReadBps: rates });
  assert.deepEqual(warnings, [
    "A machine has no swap: MemorySwappiness has no effect.",
    "A machine has no disk of the host's by name: BlkioDeviceReadBps has no effect.",
  ]);
  assert.deepEqual([resources.MemorySwappiness, resources.BlkioDeviceReadBps], [7, rates]);
});

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { noLimits } from "../../src/engine/plan/container-limits.ts";
import { AgentMachine, containerOn, run, shell } from "../support/agent-machine.ts";

let guest: AgentMachine;

before(async () => {
  guest = await AgentMachine.boot({ slots: 1, cpus: 2 });
  await guest.setUp();
  await guest.fill(0, "one");
});
after(() => guest?.[Symbol.asyncDispose]());

const files = ["cpu.max", "cpu.weight", "memory.max", "memory.low", "pids.max"];
const limits = async (id: string) =>
  (await run(guest.agent, id, `cd /sys/fs/cgroup; cat ${files.join(" ")}`)).trim().split("\n");
const processors = async (id: string) => (await run(guest.agent, id, "busybox nproc")).trim();

test("limits are the cgroup's, and an update changes or lifts them while the container runs", async () => {
  const first = {
    ...{ cpuQuotaUs: 150_000, cpuPeriodUs: 50_000, cpuWeight: 39, processors: "1" },
    ...{ memoryBytes: 2 ** 26, memoryLowBytes: 2 ** 24, processes: 50 },
  };
  const spec = { ...shell("busybox nproc > /cpus; while :; do sleep 1; done"), oomScore: 321 };
  await guest.agent.launch({ id: "a", setup: containerOn(0, { limits: first }), spec });
  try {
    assert.deepEqual(await limits("a"), ["150000 50000", "39", "67108864", "16777216", "50"]);
    assert.equal(await processors("a"), "1");
    assert.equal(await run(guest.agent, "a", "cat /cpus /proc/1/oom_score_adj"), "1\n321\n");
    await guest.agent.update("a", { ...noLimits, cpuWeight: 500, memoryBytes: 2 ** 25 });
    assert.deepEqual(await limits("a"), ["max 100000", "500", "33554432", "0", "max"]);
    assert.equal(await processors("a"), "2");
    await guest.agent.update("a", { ...noLimits, processors: "0" });
    assert.deepEqual(await limits("a"), ["max 100000", "100", "max", "0", "max"]);
    assert.equal(await processors("a"), "1");
    await assert.rejects(guest.agent.update("absent", noLimits), { code: "not-found" });
  } finally {
    await guest.agent.destroyContainer("a");
  }
});

test("a container may be without /dev/shm", async () => {
  const setup = containerOn(0, { shmSizeBytes: undefined });
  await guest.agent.launch({ id: "a", setup, spec: shell("while :; do sleep 1; done") });
  try {
    assert.equal(
      await run(guest.agent, "a", "busybox grep -c /dev/shm /proc/mounts || true"),
      "0\n",
    );
  } finally {
    await guest.agent.destroyContainer("a");
  }
});

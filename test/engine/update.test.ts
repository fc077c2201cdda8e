import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { asObject, requireText } from "../../src/client/json.ts";
import { TestEngine } from "../support/test-engine.ts";

suite("update", () => {
  test("limits of a container that runs change in its machine at once, and in inspect", async () => {
    await using engine = await TestEngine.open();
    const id = await engine.run(["sleep", "1000"], { HostConfig: { Memory: 64 * 2 ** 20 } });
    const answer = await engine.succeeds("POST", `/containers/${id}/update`, {
      ...{ Memory: 32 * 2 ** 20, MemorySwap: -1, MemoryReservation: 16 * 2 ** 20 },
      ...{ CpuShares: 2048, CpuQuota: 50_000, PidsLimit: 9, CpusetCpus: "0" },
    });
    assert.deepEqual(answer, { Warnings: null });
    assert.deepEqual(engine.guestOf(id)?.containers.get(id)?.setup.limits, {
      ...{ cpuQuotaUs: 50_000, cpuPeriodUs: 0, cpuWeight: 79, processors: "0" },
      ...{ memoryBytes: 32 * 2 ** 20, memoryLowBytes: 16 * 2 ** 20, processes: 9 },
    });
    const shown = await hostConfig(engine, id);
    assert.deepEqual(
      [shown["Memory"], shown["MemorySwap"], shown["CpuShares"], shown["PidsLimit"]],
      [32 * 2 ** 20, -1, 2048, 9],
    );
    assert.deepEqual(await engine.events(id, ["update"]), ["update"]);
    await engine.succeeds("POST", `/containers/${id}/update`, { PidsLimit: -1 });
    assert.equal(engine.guestOf(id)?.containers.get(id)?.setup.limits.processes, 0);
  });

  test("one that is paused has them, too; one that does not run gets them at its start", async () => {
    await using engine = await TestEngine.open();
    const id = await engine.run(["sleep", "1000"]);
    await engine.succeeds("POST", `/containers/${id}/pause`);
    await engine.succeeds("POST", `/containers/${id}/update`, { PidsLimit: 5 });
    assert.equal(engine.guestOf(id)?.containers.get(id)?.setup.limits.processes, 5);
    assert.match(await engine.status(id), /paused/);
    const later = await engine.create(["sleep", "1000"]);
    await engine.succeeds("POST", `/containers/${later}/update`, { PidsLimit: 6 });
    await engine.succeeds("POST", `/containers/${later}/start`);
    assert.equal(engine.guestOf(later)?.containers.get(later)?.setup.limits.processes, 6);
  });

  test("what the machine is too small for is told, and waits for the next start", async () => {
    await using engine = await TestEngine.open();
    const id = await engine.run(["sleep", "1000"]);
    const { Warnings } = await engine.succeeds("POST", `/containers/${id}/update`, {
      ...{ NanoCpus: 2e9, CpusetCpus: "0-1", Memory: 2 ** 30, MemorySwap: -1 },
    });
    assert.deepEqual(Warnings, [
      "The container's machine has 1 CPUs until the container is started again.",
      "The container's machine has 457 MiB of memory until the container is started again.",
    ]);
    assert.equal(engine.guestOf(id)?.containers.get(id)?.setup.limits.processors, "0");
    await engine.succeeds("POST", `/containers/${id}/restart?t=0`);
    assert.equal(engine.guestOf(id)?.board.spec.cpus, 2);
  });

  test("what cannot be is refused in Docker's words, and changes nothing", async () => {
    await using engine = await TestEngine.open();
    const id = await engine.create(["sleep", "1000"], {
      HostConfig: { NanoCpus: 1e9, Memory: 64 * 2 ** 20, AutoRemove: true },
    });
    const cannot = `Cannot update container ${id}: `;
    for (const [body, status, message] of [
      [{ Memory: 1 }, 400, "Minimum memory limit allowed is 6MB"],
      [
        { CpuPeriod: 10_000 },
        409,
        `${cannot}Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set`,
      ],
      [
        { CpuQuota: 10_000 },
        409,
        `${cannot}Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set`,
      ],
      [
        { Memory: 256 * 2 ** 20 },
        409,
        `${cannot}Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time`,
      ],
      [
        { RestartPolicy: { Name: "always" } },
        409,
        `${cannot}Restart policy cannot be updated because AutoRemove is enabled for the container`,
      ],
      [
        { RestartPolicy: { Name: "odd" } },
        400,
        "invalid restart policy: unknown policy 'odd'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'",
      ],
      [{ CpusetCpus: "7" }, 400, "Requested CPUs are not available - requested 7, available: 0-1"],
    ] as const) {
      const answer = await engine.api("POST", `/containers/${id}/update`, body);
      assert.deepEqual([answer.status, requireText(answer.body, "message")], [status, message]);
    }
    assert.equal((await hostConfig(engine, id))["Memory"], 64 * 2 ** 20);
    const absent = await engine.api("POST", "/containers/absent/update", { PidsLimit: 1 });
    assert.equal(absent.status, 404);
  });

  test("a restart policy, and what is discarded", async () => {
    await using engine = await TestEngine.open();
    const id = await engine.create(["sleep", "1000"]);
    const { Warnings } = await engine.succeeds("POST", `/containers/${id}/update`, {
      RestartPolicy: { Name: "on-failure", MaximumRetryCount: 3 },
      BlkioWeight: 500,
      Ulimits: [{ Name: "nofile", Soft: 1, Hard: 2 }],
    });
    assert.deepEqual(Warnings, [
      "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.",
      "Ulimits can be set at creation only. Ulimits discarded.",
    ]);
    assert.deepEqual((await hostConfig(engine, id))["RestartPolicy"], {
      Name: "on-failure",
      MaximumRetryCount: 3,
    });
    await engine.succeeds("POST", `/containers/${id}/update`, {});
    assert.equal(asObject((await hostConfig(engine, id))["RestartPolicy"])["MaximumRetryCount"], 3);
  });
});

async function hostConfig(engine: TestEngine, id: string) {
  return asObject((await engine.succeeds("GET", `/containers/${id}/json`))["HostConfig"]);
}

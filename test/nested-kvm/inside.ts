import { mkdir, readFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { unconfined } from "../../src/agent/agent-client.ts";
import { describeError } from "../../src/base/errors.ts";
import { bootMachine } from "../../src/supply/boot-machine.ts";
import { testProbe, testQemu } from "../support/test-qemu.ts";
import { noLimits } from "../../src/engine/plan/container-limits.ts";

/* Runs inside the outer machine, whose /dev/kvm is genuine; prints what it saw as one line. */

const kernel = { path: "/hyper", initramfs: "/hyper-initramfs", discovery: "cmdline" as const };

const hypervisor = testQemu({ probe: testProbe("/tmp/accelerator.json") });
const inner = {
  ...{ id: "inner", kernel, accelerator: "kvm" as const, cpus: 1, memoryMiB: 256 },
  ...{ disks: [], nics: [], shares: [], fileBinds: [] },
};

async function main(): Promise<object> {
  const probed = await hypervisor.chooseAccelerator("auto", kernel);
  const { machine, agent } = await bootMachine(hypervisor, { ...inner, runFolder: "/tmp" });
  const { kernelRelease, monotonicNs } = agent.hello;
  const uptimeMs = Number(monotonicNs / 1_000_000n);
  // a request and its answer: without a disk there is no root to make
  const refused = await agent
    .launch({
      machine: { entropy: randomBytes(64) },
      id: "inner",
      setup: {
        disks: { image: "image0", scratch: "scratch0" },
        hostname: "inner",
        machineId: "0".repeat(32),
        readOnlyRoot: false,
        network: { namespace: "", cards: [] },
        naming: { hosts: "", resolver: "", relay: "" },
        mounts: [],
        shmSizeBytes: 0,
        sysctls: {},
        privileged: false,
        confinement: unconfined,
        limits: noLimits,
      },
      spec: {
        args: ["/bin/true"],
        env: [],
        cwd: "/",
        user: "",
        groupsAdd: [],
        tty: false,
        rows: 0,
        columns: 0,
        stdin: false,
        capabilities: 0n,
        privileged: false,
        noNewPrivileges: false,
        rlimits: [],
      },
    })
    .catch(describeError);
  const words = (await readFile(`/proc/${machine.processId}/cmdline`, "utf8")).split("\0");
  await agent.shutDown();
  await machine.exited;
  return {
    probed,
    kernelRelease,
    uptimeMs,
    refused,
    accelerator: words[words.indexOf("-accel") + 1],
    clone: await saveAndClone(),
  };
}

/** Two readings of a clone's clock, against that of its template when it was saved. */
async function saveAndClone(): Promise<{ goesOnFrom: boolean; isKvm: boolean }> {
  const folders = ["/tmp/template", "/tmp/maker", "/tmp/clone"];
  for (const folder of folders) await mkdir(folder);
  const [folder = "", maker = "", cloned = ""] = folders;
  const template = (use: "make" | "clone") => ({ template: { folder, use } });
  const made = await bootMachine(hypervisor, { ...inner, ...template("make"), runFolder: maker });
  await made.agent[Symbol.asyncDispose]();
  await made.machine.save();
  const { machine, agent } = await bootMachine(hypervisor, {
    ...inner,
    ...template("clone"),
    runFolder: cloned,
  });
  const words = (await readFile(`/proc/${machine.processId}/cmdline`, "utf8")).split("\0");
  // a clone has booted no kernel: its clock goes on from its template's
  const goesOnFrom = agent.hello.monotonicNs > made.agent.hello.monotonicNs;
  await agent.shutDown();
  await machine.exited;
  return { goesOnFrom, isKvm: words.includes("kvm") && words.includes("-incoming") };
}

const alive = setInterval(() => {}, 1000); // a machine doesn't keep its starter alive
const result = await main().catch((error: unknown) => ({ error: describeError(error) }));
console.log(`RESULT ${JSON.stringify(result)}`);
clearInterval(alive);

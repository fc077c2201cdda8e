import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { AgentClient } from "../../agent/agent-client.ts";
import { describeError, DvmError } from "../../base/errors.ts";
import { makeScratchDisk } from "../../storage/scratch.ts";
import {
  benchSetup,
  benchSpec,
  busyboxTrue,
  filledDisks,
  type BenchHost,
  type BenchSubject,
} from "./bench-machine.ts";

const deadlineMs = 30_000;
const stepMiB = 2;
const leastMiB = 8;
const mostMiB = 256;

/** The smallest machine, to 2 MiB, in which `busybox true` runs as a container and ends with 0. */
export async function smallestMachine(subject: BenchSubject, host: BenchHost): Promise<number> {
  let [fails, runs] = [leastMiB, mostMiB];
  const failure = await tryMachine(subject, { host, memoryMiB: runs });
  if (failure !== undefined)
    throw new DvmError("unavailable", `cannot run busybox in a machine of ${runs} MiB: ${failure}`);
  while (runs - fails > stepMiB) {
    const memoryMiB = Math.floor((fails + runs) / 2 / stepMiB) * stepMiB;
    const failed = await tryMachine(subject, { host, memoryMiB });
    if (failed === undefined) runs = memoryMiB;
    else fails = memoryMiB;
  }
  return runs;
}

/** Why it does not run; undefined when it does. */
async function tryMachine(
  subject: BenchSubject,
  { host, memoryMiB }: { host: BenchHost; memoryMiB: number },
): Promise<string | undefined> {
  const runFolder = await mkdtemp(join(host.work, "small-"));
  try {
    await makeScratchDisk(host.dataRoot, join(runFolder, "scratch.img"));
    const disks = filledDisks(host, runFolder);
    const spec = benchSpec(subject, host, { runFolder, memoryMiB, disks });
    const machine = await host.hypervisor.start(spec, { signal: host.signal });
    try {
      return await runBusybox(machine.agentSocket, machine.exited, host.signal);
    } catch (error) {
      host.signal.throwIfAborted();
      return `${describeError(error)}; ${await machine.consoleTail(512)}`;
    } finally {
      await machine.kill();
    }
  } finally {
    await rm(runFolder, { recursive: true, force: true });
  }
}

async function runBusybox(
  agentSocket: string,
  gone: Promise<unknown>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const stop = new AbortController();
  void gone.then(() => stop.abort());
  const either = AbortSignal.any([signal, stop.signal, AbortSignal.timeout(deadlineMs)]);
  await using agent = await AgentClient.connect(agentSocket, { deadlineMs, signal: either });
  const late = new Promise<never>((_, reject) => {
    either.addEventListener("abort", () => reject(new DvmError("deadline", "it did not end")), {
      once: true,
    });
  });
  const process = await Promise.race([
    agent.launch({ ...benchSetup(), spec: busyboxTrue() }),
    late,
  ]);
  const { exitCode } = await Promise.race([process.exited, late]);
  return exitCode === 0 ? undefined : `it ended with ${exitCode}`;
}

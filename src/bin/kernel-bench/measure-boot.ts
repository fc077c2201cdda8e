import { mkdtemp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { AgentClient } from "../../agent/agent-client.ts";
import { describeError, DvmError } from "../../base/errors.ts";
import { imageEntry } from "../../kernel/kernel-catalogue.ts";
import { startTimed } from "../../machine/drivers/qemu/timed-boot.ts";
import {
  benchSpec,
  emptyDisks,
  ordinaryMiB,
  type BenchHost,
  type BenchSubject,
} from "./bench-machine.ts";

const deadlineMs = 60_000;
const mebibyte = 2 ** 20;

/** One boot, timed from outside. */
export interface BootFigures {
  /** From QEMU's start to the kernel's entry. */
  firmwareMs: number;
  /** From the entry to the agent's first act, and to its hello. */
  initMs: number;
  helloMs: number;
  /** Memory that the kernel manages and programs can't have; and what it never managed. */
  usedMiB: number;
  unmanagedMiB: number;
}

/** Boots a machine once. Its first process stands still for us at no point but the entry. */
export async function measureBoot(subject: BenchSubject, host: BenchHost): Promise<BootFigures> {
  const runFolder = await mkdtemp(join(host.work, "boot-"));
  try {
    const spec = benchSpec(subject, host, {
      runFolder,
      memoryMiB: ordinaryMiB,
      disks: emptyDisks(),
    });
    const signal = AbortSignal.any([host.signal, AbortSignal.timeout(deadlineMs)]);
    const entry = await imageEntry(subject.kernel.path);
    await using machine = await startTimed(host.qemu, spec, { entry, signal });
    await using agent = await AgentClient.connect(machine.agentSocket, {
      deadlineMs,
      signal,
    }).catch(async (cause: unknown) => {
      throw await bootError(subject, cause, await machine.consoleTail());
    });
    const helloMs = agent.helloAt - machine.enteredAt;
    const report = await agent.bootReport();
    const agentMs = Number(agent.hello.monotonicNs - report.agentBeganNs) / 1e6;
    return {
      firmwareMs: machine.toEntryMs,
      initMs: helloMs - agentMs,
      helloMs,
      usedMiB: (report.managedBytes - report.availableBytes) / mebibyte,
      unmanagedMiB: ordinaryMiB - report.managedBytes / mebibyte,
    };
  } finally {
    await rm(runFolder, { recursive: true, force: true });
  }
}

async function bootError(
  { kernel, accelerator }: BenchSubject,
  cause: unknown,
  console: string,
): Promise<DvmError> {
  const tail = console === "" ? "its console is empty" : `its console ends:\n${console}`;
  return new DvmError(
    "unavailable",
    `cannot boot kernel ${kernel.name} by ${accelerator}: ${describeError(cause)}; ${tail}`,
    { cause },
  );
}

/** Reads a file once, so that the first boot does not wait for the disk. */
export async function warmFile(path: string): Promise<void> {
  await using file = await open(path, "r");
  await file.readFile();
}

import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DvmError } from "../../../base/errors.ts";
import { endProcess } from "../../../host/processes.ts";
import type { Tool } from "../../../host/tools.ts";
import type { MachineKernel, MachineSpec } from "../../machine.ts";
import { machineFiles, qemuArguments } from "./arguments.ts";

/** A guest that comes up at all does so within a second. */
const deadlineMs = 8_000;
const endMs = 2_000;
const errorBytes = 4096;

/**
 * Returns when the agent of a machine that boots has answered at its socket, from user space then;
 * fails with code `deadline` when it doesn't in time.
 */
export type Greet = (
  agentSocket: string,
  options: { deadlineMs: number; signal: AbortSignal },
) => Promise<void>;

/**
 * Runs a guest under KVM until its agent answers, and ends it. Gives undefined when it did, else what
 * happened instead. Its end is sure: `timeout` sees to it should we die.
 */
export async function tryKvmGuest(
  qemu: Tool,
  kernel: MachineKernel,
  { greet, limitMs = deadlineMs }: { greet: Greet; limitMs?: number },
): Promise<string | undefined> {
  const runFolder = await mkdtemp(join(tmpdir(), "dvm-kvm-"));
  const child = start(qemu, probeSpec(kernel, runFolder), limitMs);
  const ended = endOf(child);
  const errors = collectErrors(child);
  const over = new AbortController();
  try {
    const { agentSocket } = machineFiles(runFolder);
    const options = { deadlineMs: limitMs, signal: over.signal };
    const answered = greet(agentSocket, options).then(
      () => "answered" as const,
      // what isn't a matter of time is that QEMU goes
      (error) => (isLate(error) ? "late" : Promise.race([ended, lateness(endMs)])),
    );
    const outcome = await Promise.race([answered, ended]);
    return outcome === "answered" ? undefined : describe(outcome, errors(), limitMs);
  } finally {
    over.abort();
    endGroup(child);
    await Promise.race([ended, lateness(endMs)]);
    await rm(runFolder, { recursive: true, force: true });
  }
}

function describe(outcome: "late" | "ended", said: string, limitMs: number): string {
  const fact =
    outcome === "late"
      ? `a guest gave no sign of life within ${limitMs / 1000} s`
      : "QEMU ended before its guest gave a sign of life";
  return said === "" ? fact : `${fact} (${said})`;
}

function start(qemu: Tool, spec: MachineSpec, limitMs: number): ChildProcess {
  const command = [
    qemu.path,
    ...qemu.arguments,
    ...qemuArguments(spec, { returnsFreePages: true }),
  ];
  const limit = ["--signal=KILL", String((limitMs + endMs) / 1000)];
  return spawn("timeout", [...limit, ...command], {
    // a group of its own: timeout and QEMU are ended together
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...qemu.environment },
  });
}

function probeSpec(kernel: MachineKernel, runFolder: string): MachineSpec {
  return {
    ...{ id: "probe", kernel, accelerator: "kvm", cpus: 1, memoryMiB: 128 },
    ...{ disks: [], nics: [], runFolder },
  };
}

function isLate(error: unknown): boolean {
  return error instanceof DvmError && error.code === "deadline";
}

async function lateness(ms: number): Promise<"late"> {
  await delay(ms, undefined, { ref: false });
  return "late";
}

function endOf(child: ChildProcess): Promise<"ended"> {
  return new Promise((resolve) => {
    child.once("error", () => resolve("ended"));
    child.once("close", () => resolve("ended"));
  });
}

function collectErrors(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.on("data", (bytes: Buffer) => {
    if (text.length < errorBytes) text += bytes.toString("latin1");
  });
  child.once("error", (error) => (text += error.message));
  return () => (text.split("\n")[0] ?? "").replace(/^.*qemu-system-x86_64: /, "").trim();
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  endProcess(-child.pid);
}

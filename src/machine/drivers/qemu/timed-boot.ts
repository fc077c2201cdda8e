import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { readTail } from "../../../host/read-tail.ts";
import type { Tool } from "../../../host/tools.ts";
import type { MachineSpec } from "../../machine.ts";
import { machineFiles, qemuArguments } from "./arguments.ts";
import { escaped } from "./escaped.ts";
import { GdbStub } from "./gdb-stub.ts";

/** A machine that was stopped at its kernel's entry, and runs since then. */
export interface TimedMachine extends AsyncDisposable {
  agentSocket: string;
  /** From QEMU's start to the entry: QEMU's own doing, and firmware's. */
  toEntryMs: number;
  /** When the kernel was entered, by `performance.now()`. */
  enteredAt: number;
  exited: Promise<void>;
  /** Last words of the guest, for an error. */
  consoleTail(): Promise<string>;
}

/**
 * Starts a machine as the driver does, but stops it at `entry`, the physical address that its kernel
 * is entered at. Ends with its owner.
 */
export async function startTimed(
  qemu: Tool,
  spec: MachineSpec,
  { entry, signal }: { entry: number; signal: AbortSignal },
): Promise<TimedMachine> {
  const stubSocket = join(spec.runFolder, "gdb.sock");
  const words = [
    ...qemu.arguments,
    ...qemuArguments(spec, { returnsFreePages: true }),
    ...["-S", "-gdb", `unix:${escaped(stubSocket)},server=on,wait=off`],
  ];
  const startedAt = performance.now();
  const child = spawn(qemu.path, words, {
    stdio: ["ignore", "ignore", "ignore"],
    cwd: "/",
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...qemu.environment },
  });
  const exited = once(child, "exit").then(() => {});
  const ended = new AbortController();
  void exited.then(() => ended.abort());
  try {
    const stub = await GdbStub.open(stubSocket, AbortSignal.any([signal, ended.signal]));
    await stub.runTo(entry);
    const toEntryMs = performance.now() - startedAt;
    const enteredAt = performance.now();
    stub.go();
    const files = machineFiles(spec.runFolder);
    return {
      agentSocket: files.agentSocket,
      ...{ toEntryMs, enteredAt, exited },
      consoleTail: () => readTail(files.console, 4096),
      [Symbol.asyncDispose]: async () => {
        stub[Symbol.dispose]();
        await end(child, exited);
      },
    };
  } catch (error) {
    await end(child, exited);
    throw error;
  }
}

async function end(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  await exited;
}

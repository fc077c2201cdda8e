import { spawn } from "node:child_process";
import { connect } from "node:net";
import { mkdir, open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DvmError } from "../base/errors.ts";

export interface DaemonStart {
  /** Command and arguments of the daemon. */
  command: readonly [string, ...string[]];
  environment: Record<string, string | undefined>;
  socketPath: string;
  runRoot: string;
  deadlineMs: number;
}

const pollMs = 20;
const tailLines = 15;
/** The daemon's exit code when another one holds the run root: that one is waited for. */
const anotherRuns = 3;

/**
 * Starts the daemon in a session of its own and returns when its socket answers. Several callers
 * may do so at once: the daemons settle by their lock which one stays, and the others end quietly,
 * so an early exit counts as failure only when the deadline passes with nobody listening or the
 * daemon said why by another code.
 */
export async function startDaemon(options: DaemonStart): Promise<void> {
  const logPath = join(options.runRoot, "daemon.log");
  await mkdir(options.runRoot, { recursive: true, mode: 0o700 });
  await mkdir(dirname(options.socketPath), { recursive: true, mode: 0o700 });
  const logStart = await spawnDetached(options, logPath);
  const { ended } = logStart;
  const deadline = performance.now() + options.deadlineMs;
  while (performance.now() < deadline) {
    if (await answers(options.socketPath)) return;
    const exit = ended.value;
    if (exit !== undefined && exit !== 0 && exit !== anotherRuns)
      throw await failed(`it ended with ${exit}`, logPath, logStart.size);
    await delay(pollMs);
  }
  const seconds = options.deadlineMs / 1000;
  throw await failed(
    `${options.socketPath} did not answer within ${seconds} s`,
    logPath,
    logStart.size,
  );
}

interface Spawned {
  /** Exit code or signal, once it ended. */
  ended: { value: number | string | undefined };
  /** How much of the log was there before. */
  size: number;
}

async function spawnDetached(options: DaemonStart, logPath: string): Promise<Spawned> {
  const [command, ...parameters] = options.command;
  await using log = await open(logPath, "a", 0o600);
  const { size } = await log.stat();
  const ended: Spawned["ended"] = { value: undefined };
  const child = spawn(command, parameters, {
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
    env: options.environment,
    cwd: "/",
  });
  child.on("error", (error) => (ended.value = error.message));
  child.on("exit", (code, signal) => (ended.value = signal ?? code ?? 0));
  child.unref();
  return { ended, size };
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

async function failed(fact: string, logPath: string, from: number): Promise<DvmError> {
  const log = await readFile(logPath).catch(() => Buffer.alloc(0));
  const tail = log.subarray(from).toString("utf8").trim().split("\n").slice(-tailLines).join("\n");
  return new DvmError("unavailable", `cannot start the DVM daemon: ${fact}`, {
    hint: tail === "" ? `its log is ${logPath}` : `its log (${logPath}) ends:\n${tail}`,
  });
}

import { spawn, type ChildProcess } from "node:child_process";
import { open, readFile, writeFile } from "node:fs/promises";
import { DvmError, ignore } from "../base/errors.ts";
import { processEnd } from "./process-end.ts";
import { endProcess, isAlive, processStartTime, type ProcessIdentity } from "./processes.ts";

/** What a companion leaves on the disk; the folder is its owner's. */
export interface CompanionFiles {
  /** Its pid and start time, by which a later daemon finds it. */
  pidFile: string;
  /** What it writes to standard output and error. */
  logFile: string;
  /** A Unix socket that it listens on till its end, see {@link processEnd}. */
  lifeline?: string;
}

/** Both undefined of one that was found again: only its parent is told. */
export interface CompanionExit {
  code: number | undefined;
  signal: string | undefined;
}

/** A process that outlives the daemon that started it. */
export interface Companion {
  readonly identity: ProcessIdentity;
  /** Settles when it has gone, however it went. Never rejects. */
  readonly exited: Promise<CompanionExit>;
  /** Ends it at once. Idempotent; returns when it has gone. */
  kill(): Promise<void>;
}

/** Starts a program in a session of its own. It runs when this returns. */
export async function startCompanion(
  [program, ...words]: [string, ...string[]],
  files: CompanionFiles,
  environment: Record<string, string>,
): Promise<Companion> {
  await using log = await open(files.logFile, "w", 0o600);
  const child = spawn(program, words, {
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
    cwd: "/",
    env: environment,
  });
  const exited = exitOf(child);
  const pid = await spawned(child, program);
  child.unref();
  const kill = async () => {
    child.ref(); // this process doesn't end before it
    if (child.exitCode === null && child.signalCode === null) endProcess(pid);
    await exited;
  };
  try {
    // of one that has ended already there is none, and nothing to be found again
    const startTime = (await processStartTime(pid)) ?? "";
    if (startTime !== "") await writeFile(files.pidFile, `${pid} ${startTime}\n`, { mode: 0o600 });
    return { identity: { pid, startTime }, exited, kill };
  } catch (error) {
    await kill();
    throw error;
  }
}

/** Finds what an earlier daemon has started; undefined when it has gone. */
export async function findCompanion(files: CompanionFiles): Promise<Companion | undefined> {
  const identity = await readIdentity(files.pidFile);
  if (identity === undefined || !(await isAlive(identity))) return undefined;
  const near = new AbortController();
  const exited = processEnd(identity, { lifeline: files.lifeline, near: near.signal }).then(() => ({
    code: undefined,
    signal: undefined,
  }));
  return {
    identity,
    exited,
    async kill() {
      if (await isAlive(identity)) endProcess(identity.pid);
      near.abort();
      await exited;
    },
  };
}

async function readIdentity(pidFile: string): Promise<ProcessIdentity | undefined> {
  const text = await ignore("ENOENT", () => readFile(pidFile, "utf8"));
  const [, pid, startTime] = /^([1-9]\d*) (\d+)\n$/.exec(text ?? "") ?? [];
  if (pid === undefined || startTime === undefined) return undefined;
  return { pid: Number(pid), startTime };
}

function exitOf(child: ChildProcess): Promise<CompanionExit> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) =>
      resolve({ code: code ?? undefined, signal: signal ?? undefined }),
    );
    child.once("error", () => resolve({ code: undefined, signal: undefined }));
  });
}

async function spawned(child: ChildProcess, program: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (cause) =>
      reject(new DvmError("unavailable", `cannot run ${program}`, { cause })),
    );
  });
  if (child.pid === undefined) throw new DvmError("internal", `cannot run ${program}: no pid`);
  return child.pid;
}

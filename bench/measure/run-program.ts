import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { DvmError } from "../../src/base/errors.ts";

export interface ProgramResult {
  /** From before it was spawned until it had ended and its output was read. */
  ms: number;
  stdout: string;
  stderr: string;
}

export interface ProgramOptions {
  /** All of it; this process's own when left out. */
  environment?: NodeJS.ProcessEnv | undefined;
  cwd?: string | undefined;
  deadlineMs?: number | undefined;
}

const defaultDeadlineMs = 120_000;

/** Runs a program to its end; anything but exit code 0 is an error. */
export async function runProgram(
  [program = "", ...words]: readonly string[],
  { environment, cwd, deadlineMs = defaultDeadlineMs }: ProgramOptions = {},
): Promise<ProgramResult> {
  const start = performance.now();
  const child = spawn(program, words, {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: deadlineMs,
    killSignal: "SIGKILL",
    ...(environment === undefined ? {} : { env: environment }),
    ...(cwd === undefined ? {} : { cwd }),
  });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code, signal]: unknown[] = await once(child, "close").catch((cause: unknown) => {
    throw new DvmError("unavailable", `cannot run ${program}`, { cause });
  });
  const ms = performance.now() - start;
  const [stdout, stderr] = await output;
  if (code === 0) return { ms, stdout, stderr };
  const how = typeof code === "number" ? `exit code ${code}` : `signal ${String(signal)}`;
  const last = `${stdout}\n${stderr}`.trim().split("\n").slice(-3).join("; ");
  // paths say nothing to who reads the results elsewhere
  const said = [program, ...words].filter((word) => !word.includes("/")).join(" ");
  throw new DvmError("internal", `cannot run ${said}: ${how}: ${last}`);
}

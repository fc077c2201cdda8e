import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { DvmError } from "../base/errors.ts";
import { endProcess } from "./processes.ts";
import { toolEnvironment } from "./tool-environment.ts";

/** What a shell says of a program that it doesn't find. */
const notFound = 127;
const keptErrorLines = 20;
const keptLineLength = 500;
/** Runs the program of its arguments; when descriptor 3 closes, for DVM has ended, all of them end. */
const guarded = `(read -r _ <&3; kill -KILL 0) </dev/null >/dev/null 2>&1 & guard=$!
"$@" </dev/null 3<&-
status=$?
kill -KILL $guard
exit $status`;

interface GroupOptions {
  /** Completes the sentence "cannot …". */
  purpose: string;
  signal?: AbortSignal | undefined;
  /** Set on top of this process's own environment. */
  environment?: Record<string, string> | undefined;
  /** Told each line of standard output as it comes. */
  onLine?: ((line: string) => void) | undefined;
  /** The same of standard error. */
  onErrorLine?: ((line: string) => void) | undefined;
}

/**
 * Runs a program that starts others, as a compiler or `make` does. When it is stopped by `signal`,
 * all of them have gone before this returns; when DVM itself is killed, they go with it. The last
 * lines of standard error are in the cause of a failure.
 */
export async function runGroup(
  program: string,
  programArguments: string[],
  { purpose, signal, environment, onLine, onErrorLine }: GroupOptions,
): Promise<void> {
  signal?.throwIfAborted();
  const child = spawn("sh", ["-c", guarded, "sh", program, ...programArguments], {
    detached: true,
    env: toolEnvironment(environment),
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const lastErrors: string[] = [];
  eachLine(child.stdout, (line) => onLine?.(line));
  eachLine(child.stderr, (line) => {
    lastErrors.push(line.slice(0, keptLineLength));
    if (lastErrors.length > keptErrorLines) lastErrors.shift();
    onErrorLine?.(line);
  });
  const stop = () => endGroup(child);
  signal?.addEventListener("abort", stop);
  try {
    // also awaited after a stop: whoever still has an end of the pipes has not gone
    const [code]: unknown[] = await once(child, "close");
    signal?.throwIfAborted();
    if (code === 0) return;
    const fact = code === notFound ? "is not installed" : "failed";
    throw new DvmError(
      code === notFound ? "unavailable" : "internal",
      `cannot ${purpose}: ${program} ${fact}`,
      { cause: new Error(lastErrors.join("\n")) },
    );
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

function eachLine(stream: NodeJS.ReadableStream | null, take: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on("line", take);
}

function endGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) endProcess(-pid);
}

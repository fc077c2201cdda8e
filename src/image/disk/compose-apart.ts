import { fork, type ChildProcess } from "node:child_process";
import { mkdir, rename, rm } from "node:fs/promises";
import { DvmError, type ErrorCode } from "../../base/errors.ts";

export interface ComposeRequest {
  /** The image's. */
  id: string;
  /** The folder that the disk is to have. */
  target: string;
  /** A folder of ours on the same file system, which isn't there yet. */
  work: string;
  layers: string[];
}

/** What the process says at its end. */
export type ComposeAnswer =
  | { done: true }
  | { done: false; code: ErrorCode; message: string; hint: string | undefined };

/** Enough for a million files, the most that an image may have. */
const maximumHeapMiB = 3072;

/**
 * Makes the disk of an image in `target` by a process of its own: the merged tree of a large image
 * needs memory that the daemon should neither keep nor run out of. (A thread would have the limit
 * that the daemon was started with, whatever its own.) A process that is left behind by a daemon that
 * was killed writes nowhere but in `work`.
 */
export async function composeApart(request: ComposeRequest): Promise<void> {
  const { target, work } = request;
  await mkdir(work, { mode: 0o700 });
  try {
    const answer = await askProcess(request);
    if (!answer.done) {
      const { code, message, hint } = answer;
      throw new DvmError(code, message, hint === undefined ? {} : { hint });
    }
    await rm(target, { recursive: true, force: true });
    await rename(work, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function askProcess(request: ComposeRequest): Promise<ComposeAnswer> {
  const child = fork(new URL("compose-process.ts", import.meta.url), {
    execArgv: [`--max-old-space-size=${maximumHeapMiB}`],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  try {
    const answer = answerOf(child);
    child.send(request);
    return await answer;
  } finally {
    child.kill("SIGKILL");
  }
}

function answerOf(child: ChildProcess): Promise<ComposeAnswer> {
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as ComposeAnswer));
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      const how = signal ?? `exit code ${code}`;
      reject(new DvmError("internal", `cannot make the image's disk: its process ended by ${how}`));
    });
  });
}

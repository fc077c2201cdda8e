import { Worker } from "node:worker_threads";
import { DvmError, type ErrorCode } from "../base/errors.ts";

/** What composeDisk is asked. */
export interface ComposeRequest {
  /** The image's. */
  id: string;
  target: string;
  work: string;
  layers: string[];
}

/** What the thread says at its end; undefined means done. */
export type ComposeAnswer =
  | { code: ErrorCode; message: string; hint: string | undefined }
  | undefined;

/** Enough for a million files, the most that an image may have. */
const maximumHeapMiB = 3072;

/**
 * Makes the disk of an image in a thread of its own: the merged tree of a large image needs memory
 * that the daemon should neither keep nor run out of.
 */
export async function composeApart(request: ComposeRequest): Promise<void> {
  const worker = new Worker(new URL("compose-thread.ts", import.meta.url), {
    workerData: request,
    resourceLimits: { maxOldGenerationSizeMb: maximumHeapMiB },
    execArgv: [],
  });
  const answer = await new Promise<ComposeAnswer>((resolve, reject) => {
    worker.once("message", (message: { answer: ComposeAnswer }) => resolve(message.answer));
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`the thread ended with ${code}`)));
  });
  if (answer === undefined) return;
  const { code, message, hint } = answer;
  throw new DvmError(code, message, hint === undefined ? {} : { hint });
}

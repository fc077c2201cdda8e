import { parentPort, workerData } from "node:worker_threads";
import { describeError, DvmError, systemErrorCode } from "../base/errors.ts";
import type { ComposeAnswer, ComposeRequest } from "./compose-apart.ts";
import { composeDisk } from "./composed-disk.ts";

/* The thread of composeApart. */

parentPort?.postMessage({
  answer: await composeDisk(workerData as ComposeRequest).then(() => undefined, failure),
});

function failure(error: unknown): ComposeAnswer {
  if (error instanceof DvmError)
    return { code: error.code, message: error.message, hint: error.hint };
  const code = systemErrorCode(error) === "ENOSPC" ? "no-space" : "internal";
  return {
    code,
    message: `cannot make the image's disk: ${describeError(error)}`,
    hint: undefined,
  };
}

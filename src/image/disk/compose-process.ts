import { once } from "node:events";
import { describeError, DvmError, systemErrorCode } from "../../base/errors.ts";
import type { ComposeAnswer, ComposeRequest } from "./compose-apart.ts";
import { writeDisk } from "./composed-disk.ts";

/* The process of composeApart. It ends with the one that started it. */

process.once("disconnect", () => process.exit());
const [request] = (await once(process, "message")) as [ComposeRequest];
process.send?.(await writeDisk(request).then((): ComposeAnswer => ({ done: true }), failure));

function failure(error: unknown): ComposeAnswer {
  if (error instanceof DvmError)
    return { done: false, code: error.code, message: error.message, hint: error.hint };
  const code = systemErrorCode(error) === "ENOSPC" ? "no-space" : "internal";
  const message = `cannot make the image's disk: ${describeError(error)}`;
  return { done: false, code, message, hint: undefined };
}

import { getSystemErrorName } from "node:util";
import { DvmError } from "../base/errors.ts";
import { controlLines } from "../host/control-lines.ts";

const deadlineMs = 10_000;

/** A refusal of a forwarder's. */
export interface Refusal {
  /** The system's name of it: `EADDRINUSE`. */
  code: string;
  text: string;
}

/**
 * Says one line to a forwarder (forwarder/control.h); what stands behind its `ok`, or why not. Waits
 * for its socket while `isComing` says that a forwarder that starts will make it.
 */
export async function askForwarder(
  path: string,
  line: string,
  isComing: () => boolean,
): Promise<string | Refusal> {
  try {
    const options = { who: "the forwarder", deadlineMs, isComing };
    const [answer = ""] = await controlLines(path, [line], options);
    return answer;
  } catch (error) {
    const message = error instanceof DvmError ? error.message : "";
    const [, number, text = ""] = /^(\d{1,4}) (.*)$/.exec(message) ?? [];
    if (number === undefined) throw error;
    return { code: getSystemErrorName(-Number(number)), text };
  }
}

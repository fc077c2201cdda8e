import { getSystemErrorName } from "node:util";
import { DvmError } from "../base/errors.ts";

/** A refusal of a forwarder's. */
export interface Refusal {
  /** The system's name of it: `EADDRINUSE`. */
  code: string;
  text: string;
}

/** What a forwarder (forwarder/control.h) answers to one line: what stands behind its `ok`, or why not. */
export async function answerOf(say: () => Promise<string>): Promise<string | Refusal> {
  try {
    return await say();
  } catch (error) {
    const message = error instanceof DvmError ? error.message : "";
    const [, number, text = ""] = /^(\d{1,4}) (.*)$/.exec(message) ?? [];
    if (number === undefined) throw error;
    return { code: getSystemErrorName(-Number(number)), text };
  }
}

import { createConnection, type Socket } from "node:net";
import { getSystemErrorName } from "node:util";
import { setTimeout as delay } from "node:timers/promises";
import { DvmError, systemErrorCode } from "../base/errors.ts";

const pollMs = 1;
const openDeadlineMs = 10_000;
const answerDeadlineMs = 10_000;
const maximumAnswerBytes = 4096;

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
  isComing: () => boolean = () => false,
): Promise<string | Refusal> {
  const socket = await connect(path, isComing);
  try {
    socket.write(`${line}\n`);
    return readAnswer(await firstLine(socket));
  } finally {
    socket.destroy();
  }
}

async function connect(path: string, isComing: () => boolean): Promise<Socket> {
  const deadline = performance.now() + openDeadlineMs;
  for (;;) {
    try {
      return await connectOnce(path);
    } catch (cause) {
      const isEarly = ["ENOENT", "ECONNREFUSED"].includes(systemErrorCode(cause) ?? "");
      if (!isEarly || !isComing() || performance.now() > deadline)
        throw failed("it does not listen", cause);
    }
    await delay(pollMs);
  }
}

function connectOnce(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });
}

/** Rejects when none comes in time. */
function firstLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const timer = setTimeout(() => reject(failed("it gives no answer")), answerDeadlineMs);
    socket.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      const end = text.indexOf("\n");
      if (end === -1 && text.length <= maximumAnswerBytes) return;
      clearTimeout(timer);
      if (end === -1) reject(failed("its answer has no end"));
      else resolve(text.slice(0, end));
    });
    socket.on("error", () => {}); // its close says it
    socket.once("close", () => {
      clearTimeout(timer);
      reject(failed("it has gone"));
    });
  });
}

function readAnswer(line: string): string | Refusal {
  const [, rest] = /^ok ?(.*)$/.exec(line) ?? [];
  if (rest !== undefined) return rest;
  const [, number, text = ""] = /^error (\d{1,4}) (.*)$/.exec(line) ?? [];
  if (number === undefined) throw failed(`it said ${JSON.stringify(line)}`);
  return { code: getSystemErrorName(-Number(number)), text };
}

function failed(fact: string, cause?: unknown): DvmError {
  return new DvmError("unavailable", `cannot ask its forwarder: ${fact}`, { cause });
}

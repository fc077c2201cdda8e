import { createConnection, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { DvmError, systemErrorCode } from "../base/errors.ts";

const answerLimit = 65_536;
const retryMs = 2;

export interface ControlOptions {
  /** Names the other side in errors: "the file server". */
  who: string;
  /** For the connection and all answers. */
  deadlineMs: number;
  /** The other side may not listen yet: it is tried again while this says so. */
  isComing?: () => boolean;
}

/**
 * Says lines to a companion on its Unix socket, and reads one answer to each: `ok` with perhaps more
 * behind it, which is given back, or `error TEXT`, which is thrown as `unavailable`.
 */
export async function controlLines(
  path: string,
  lines: readonly string[],
  options: ControlOptions,
): Promise<string[]> {
  const signal = AbortSignal.timeout(options.deadlineMs);
  const socket = await connect(path, options, signal);
  try {
    socket.write(lines.map((line) => `${line}\n`).join(""));
    const answers = await readLines(socket, lines.length, { ...options, signal });
    return answers.map((answer) => judge(answer, options));
  } finally {
    socket.destroy();
  }
}

/** A path as a word of a line: its bytes, percent-encoded but for the plainest. */
export function controlPath(path: string): string {
  const plain = /[\w.\-/]/;
  return [...Buffer.from(path)]
    .map((byte) => {
      const letter = String.fromCharCode(byte);
      return plain.test(letter) ? letter : `%${byte.toString(16).padStart(2, "0")}`;
    })
    .join("");
}

async function connect(
  path: string,
  { who, isComing = () => false }: ControlOptions,
  signal: AbortSignal,
): Promise<Socket> {
  for (;;) {
    try {
      return await connectOnce(path);
    } catch (cause) {
      const isAbsent = ["ENOENT", "ECONNREFUSED"].includes(systemErrorCode(cause) ?? "");
      if (!isAbsent || signal.aborted || !isComing())
        throw new DvmError("unavailable", `cannot reach ${who}`, { cause });
      await delay(retryMs);
    }
  }
}

function connectOnce(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once("error", reject);
    socket.once("connect", () => resolve(socket.off("error", reject)));
  });
}

function readLines(
  socket: Socket,
  count: number,
  { who, signal }: ControlOptions & { signal: AbortSignal },
): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => () =>
      reject(new DvmError("unavailable", `cannot use ${who}: ${why}`));
    let text = "";
    socket.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      const whole = text.split("\n").slice(0, -1);
      if (whole.length >= count) resolve(whole.slice(0, count));
      else if (text.length > answerLimit * count) fail("its answer is too long")();
    });
    socket.once("error", fail("it went away"));
    socket.once("close", fail("it went away"));
    signal.addEventListener("abort", fail("it does not answer"), { once: true });
  });
}

function judge(answer: string, { who }: ControlOptions): string {
  const [, isFine, rest = ""] = /^(ok|error)(?: (.*))?$/.exec(answer) ?? [];
  if (isFine === "ok") return rest;
  throw new DvmError("unavailable", isFine === undefined ? `cannot use ${who}: ${answer}` : rest);
}

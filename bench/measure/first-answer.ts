import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { DvmError } from "../../src/base/errors.ts";
import { timed } from "./timed.ts";

const program = fileURLToPath(import.meta.resolve("./http-probe.ts"));
const deadlineMs = 30_000;

/**
 * Milliseconds from the begin of `serve` until a web server answers on `port` of 127.0.0.1. It is asked
 * once `serve` is done: who knocks at a port before anybody is behind it makes some networks wait (for
 * their next try to resolve an address, a second), and would measure that.
 */
export async function firstAnswer(
  { port, beside }: { port: number; beside: (words: string[]) => string[] },
  serve: () => Promise<void>,
): Promise<number> {
  const [command = "", ...words] = beside([process.execPath, program, String(port)]);
  const probe = spawn(command, words, { stdio: ["pipe", "pipe", "inherit"] });
  try {
    const lines = createInterface({ input: probe.stdout });
    await line(lines, "ready");
    return await timed(async () => {
      await serve();
      probe.stdin.write("go\n");
      await line(lines, "answered");
    });
  } finally {
    probe.kill("SIGKILL");
  }
}

async function line(lines: Interface, wanted: string): Promise<void> {
  const signal = AbortSignal.timeout(deadlineMs);
  const [text]: unknown[] = await once(lines, "line", { signal }).catch((cause: unknown) => {
    throw new DvmError("deadline", `cannot get an answer by HTTP within ${deadlineMs} ms`, {
      cause,
    });
  });
  if (text !== wanted)
    throw new DvmError("internal", `cannot probe by HTTP: the probe says ${String(text)}`);
}

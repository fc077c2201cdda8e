import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { FakeDaemon } from "./fake-daemon.ts";

const program = join(import.meta.dirname, "../../../src/bin/dvm.ts");
const deadlineMs = 20_000;

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface CliOptions {
  input?: string;
  /** Called with the client's process id. */
  onStart?: (pid: number) => void;
  /** Close standard output at its first bytes, as `head` does. */
  stopReading?: boolean;
}

/** Runs `dvm` as a process of its own against `daemon`. */
export async function runCli(
  daemon: FakeDaemon,
  argv: readonly string[],
  { input, onStart, stopReading }: CliOptions = {},
): Promise<CliResult> {
  const child = spawn(process.execPath, [program, "--host", daemon.host, ...argv], {
    env: { ...process.env, TZ: "UTC" },
    stdio: ["pipe", "pipe", "pipe"],
    timeout: deadlineMs,
  });
  onStart?.(child.pid ?? 0);
  child.stdin.on("error", () => {}); // it may end without reading
  if (input === undefined) child.stdin.end();
  else child.stdin.end(input);
  if (stopReading === true) child.stdout.once("data", () => child.stdout.destroy());
  const ended = new Promise<number | null>((resolve) => void child.on("close", resolve));
  const [stdout, stderr, code] = await Promise.all([
    stopReading === true ? "" : text(child.stdout),
    text(child.stderr),
    ended,
  ]);
  return { code, stdout, stderr };
}

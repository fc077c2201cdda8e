import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { DvmError } from "../../src/base/errors.ts";
import type { PrivateHost } from "./private-host.ts";

const program = join(import.meta.dirname, "plain-guests-process.ts");
const startDeadlineMs = 120_000;

/** A bridge with two interfaces for machines, and this host's own address on it. */
const script = `
busybox brctl addbr plain0 && busybox ip addr add 10.77.0.1/24 dev plain0 || exit
for name in plain-a plain-b; do
  busybox tunctl -t $name >/dev/null && busybox brctl addif plain0 $name || exit
  busybox ip link set $name up || exit
done
busybox ip link set plain0 up && exec "$@"`;

/**
 * Two machines of QEMU's with nothing of DVM's but its driver and kernel: each card is a TAP interface
 * on one bridge. What they do is the limit of what containers in machines can do here.
 */
export class PlainGuests implements AsyncDisposable {
  readonly name = "plain QEMU guest";
  /** Where each serves. */
  readonly addresses = ["10.77.0.2", "10.77.0.3"] as const;
  readonly #host: PrivateHost;
  readonly #process: ChildProcess;

  private constructor(host: PrivateHost, started: ChildProcess) {
    this.#host = host;
    this.#process = started;
  }

  /** Both run `wire`, a static program, at `port`. */
  static async start(
    host: PrivateHost,
    { work, wire, port }: { work: string; wire: string; port: number },
  ): Promise<PlainGuests> {
    const folder = join(work, "plain-guests");
    await mkdir(folder);
    const command = [process.execPath, program, folder, wire, String(port)];
    const [first = "", ...words] = host.besideNetwork(["sh", "-c", script, "sh", ...command]);
    const started = spawn(first, words, { stdio: ["pipe", "pipe", "pipe"] });
    const complaint = text(started.stderr);
    const signal = AbortSignal.timeout(startDeadlineMs);
    const lines = createInterface({ input: started.stdout });
    await Promise.race([
      once(lines, "line", { signal }),
      once(started, "exit", { signal }).then(async () => {
        throw new DvmError("unavailable", `cannot start plain guests: ${(await complaint).trim()}`);
      }),
    ]);
    return new PlainGuests(host, started);
  }

  beside(words: string[]): string[] {
    return this.#host.besideNetwork(words);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.stdin?.end();
    await ended;
  }
}

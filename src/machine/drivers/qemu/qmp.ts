import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { DvmError, systemErrorCode } from "../../../base/errors.ts";
import { connectSocket } from "./connect-socket.ts";

const connectPollMs = 1;
const openDeadlineMs = 10_000;

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

interface QmpEvent {
  event: string;
  data: Record<string, unknown>;
}

/** A connection to QEMU's control socket (QEMU Machine Protocol, docs/interop/qmp-spec.txt). */
export class QmpConnection implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  readonly #listeners = new Set<{ until: (event: QmpEvent) => boolean } & Waiting>();
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const lines = createInterface({ input: socket });
    lines.on("line", (line) => this.#receive(line));
    lines.on("error", () => this.#fail());
    socket.on("error", () => this.#fail());
    socket.on("close", () => this.#fail());
  }

  /** Waits for the socket while `isComing` says that a QEMU that starts will make it. */
  static async open(path: string, isComing: () => boolean = () => false): Promise<QmpConnection> {
    const deadline = performance.now() + openDeadlineMs;
    for (;;) {
      try {
        const connection = new QmpConnection(await connectSocket(path));
        await connection.execute("qmp_capabilities");
        return connection;
      } catch (error) {
        const code = systemErrorCode(error);
        const isEarly = code === "ENOENT" || code === "ECONNREFUSED";
        if (!isEarly || !isComing() || performance.now() > deadline) throw error;
      }
      await delay(connectPollMs);
    }
  }

  /** The `return` value of a command; an `error` answer is a {@link DvmError}. */
  async execute(command: string, commandArguments: Record<string, unknown> = {}): Promise<unknown> {
    if (this.#closed) throw closedError();
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: commandArguments })}\n`);
    return answer;
  }

  /** Settles with the first event from now on that `until` says yes to. */
  async event(until: (event: QmpEvent) => boolean): Promise<void> {
    if (this.#closed) throw closedError();
    await new Promise<unknown>((resolve, reject) => {
      this.#listeners.add({ until, resolve, reject });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
  }

  #receive(line: string): void {
    const message: unknown = JSON.parse(line);
    if (typeof message !== "object" || message === null) return;
    if ("return" in message) this.#waiting.shift()?.resolve(message.return);
    else if ("error" in message) {
      const text = JSON.stringify(message.error);
      this.#waiting.shift()?.reject(new DvmError("internal", `cannot control QEMU: ${text}`));
    } else if ("event" in message && typeof message.event === "string") {
      const data = "data" in message ? message.data : {};
      this.#announce({ event: message.event, data: typeof data === "object" ? { ...data } : {} });
    }
  }

  #announce(event: QmpEvent): void {
    for (const listener of this.#listeners) {
      if (!listener.until(event)) continue;
      this.#listeners.delete(listener);
      listener.resolve(undefined);
    }
  }

  #fail(): void {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(closedError());
    for (const { reject } of this.#listeners) reject(closedError());
    this.#listeners.clear();
  }
}

function closedError(): DvmError {
  return new DvmError("unavailable", "cannot control QEMU: its control socket has closed");
}

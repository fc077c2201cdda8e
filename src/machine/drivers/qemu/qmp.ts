import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { DvmError, systemErrorCode } from "../../../base/errors.ts";
import { connectSocket } from "./connect-socket.ts";
import { readQmpLine, type QmpEvent } from "./qmp-message.ts";

const connectPollMs = 1;
const defaultDeadlines: QmpDeadlines = {
  openMs: 10_000,
  // a stop writes to the disks what waits for them
  answerMs: 30_000,
  // a template's state is some 60 KiB, but the host may be busy
  eventMs: 60_000,
};
/** The longest answer that we ask for, all block nodes of a machine, has some 100 KB. */
const maximumLineBytes = 2 ** 20;

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** Deadlines that tests shorten. */
export interface QmpDeadlines {
  /** Until the socket is there, and until QEMU has greeted. */
  openMs: number;
  answerMs: number;
  eventMs: number;
}

/**
 * A connection to QEMU's control socket (QEMU Machine Protocol, docs/interop/qmp-spec.txt). Who breaks
 * out of a guest lands in QEMU, so what it says is not trusted: a broken rule, or a silence, ends the
 * connection with an error.
 */
export class QmpConnection implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #deadlines: QmpDeadlines;
  /** Commands that wait for their answers, by id. */
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<{ until: (event: QmpEvent) => boolean } & Waiting>();
  #lastId = 0;
  #received: Buffer[] = [];
  #receivedBytes = 0;
  #failure: DvmError | undefined;

  private constructor(socket: Socket, deadlines: QmpDeadlines) {
    this.#socket = socket;
    this.#deadlines = deadlines;
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
    socket.on("error", () => this.#fail(closedError()));
    socket.on("close", () => this.#fail(closedError()));
  }

  /** Waits for the socket while `isComing` says that a QEMU that starts will make it. */
  static async open(
    path: string,
    isComing: () => boolean = () => false,
    deadlines = defaultDeadlines,
  ): Promise<QmpConnection> {
    const deadline = performance.now() + deadlines.openMs;
    for (;;) {
      try {
        return await QmpConnection.#greet(path, deadlines);
      } catch (error) {
        const code = systemErrorCode(error);
        const isEarly = code === "ENOENT" || code === "ECONNREFUSED";
        if (!isEarly || !isComing() || performance.now() > deadline) throw error;
      }
      await delay(connectPollMs);
    }
  }

  static async #greet(path: string, deadlines: QmpDeadlines): Promise<QmpConnection> {
    const connection = new QmpConnection(await connectSocket(path), deadlines);
    try {
      await connection.#ask("qmp_capabilities", {}, deadlines.openMs);
      return connection;
    } catch (error) {
      await connection[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The `return` value of a command; an `error` answer is a {@link DvmError}. */
  async execute(command: string, commandArguments: Record<string, unknown> = {}): Promise<unknown> {
    return await this.#ask(command, commandArguments, this.#deadlines.answerMs);
  }

  async #ask(command: string, words: Record<string, unknown>, ms: number): Promise<unknown> {
    if (this.#failure !== undefined) throw this.#failure;
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: words, id })}\n`);
    return await this.#inTime(promise, { ms, what: command });
  }

  /** Settles with the first event from now on that `until` says yes to. */
  async event(until: (event: QmpEvent) => boolean): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#listeners.add({ until, resolve, reject });
    await this.#inTime(promise, { ms: this.#deadlines.eventMs, what: "wait for an event" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail(closedError());
  }

  /** After a silence nothing that comes is waited for any more. */
  async #inTime<T>(promise: Promise<T>, { ms, what }: { ms: number; what: string }): Promise<T> {
    const timer = setTimeout(() => {
      const fact = `it gave no answer within ${ms / 1000} s (${what})`;
      this.#fail(new DvmError("deadline", `cannot control QEMU: ${fact}`));
    }, ms);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #take(bytes: Buffer): void {
    let rest = bytes;
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      this.#keep(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      this.#receiveLine();
    }
    this.#keep(rest);
  }

  #keep(part: Buffer): void {
    if (this.#failure !== undefined || part.length === 0) return;
    this.#receivedBytes += part.length;
    if (this.#receivedBytes > maximumLineBytes) this.#fail(brokenError("a line without an end"));
    else this.#received.push(part);
  }

  #receiveLine(): void {
    const line = Buffer.concat(this.#received).toString("utf8");
    this.#received = [];
    this.#receivedBytes = 0;
    if (this.#failure !== undefined) return;
    const message = readQmpLine(line);
    if (message === undefined) this.#fail(brokenError(`what is no message: ${line.slice(0, 80)}`));
    else if (message.kind === "event") this.#announce(message);
    else if (message.kind === "answer") this.#answer(message.id, message);
  }

  #answer(id: number | undefined, answer: { value: unknown } | { error: string }): void {
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (id === undefined || waiting === undefined) {
      this.#fail(brokenError("an answer that nobody waits for"));
      return;
    }
    this.#waiting.delete(id);
    if ("value" in answer) waiting.resolve(answer.value);
    else waiting.reject(new DvmError("internal", `cannot control QEMU: ${answer.error}`));
  }

  #announce(event: QmpEvent): void {
    for (const listener of this.#listeners) {
      if (!listener.until(event)) continue;
      this.#listeners.delete(listener);
      listener.resolve(undefined);
    }
  }

  #fail(failure: DvmError): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#socket.destroy();
    for (const { reject } of [...this.#waiting.values(), ...this.#listeners]) reject(failure);
    this.#waiting.clear();
    this.#listeners.clear();
    this.#received = [];
  }
}

function closedError(): DvmError {
  return new DvmError("unavailable", "cannot control QEMU: its control socket has closed");
}

function brokenError(what: string): DvmError {
  return new DvmError("damaged", `cannot control QEMU: it sent ${what}`);
}

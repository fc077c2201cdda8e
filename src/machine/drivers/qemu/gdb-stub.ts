import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { DvmError, systemErrorCode } from "../../../base/errors.ts";
import { connectSocket } from "./connect-socket.ts";

const connectPollMs = 2;
const maximumPacketBytes = 65_536;

/**
 * A connection to QEMU's GDB stub, as far as it takes to stop a machine at an address.
 * Protocol: GDB's manual, appendix "GDB Remote Serial Protocol".
 */
export class GdbStub implements Disposable {
  readonly #socket: Socket;
  #received = "";
  #waiting: { resolve: (packet: string) => void; reject: (error: Error) => void } | undefined;
  #failure: Error | undefined;

  private constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    socket.setEncoding("latin1").on("data", (text: string) => this.#receive(text));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(closedError()));
    signal.addEventListener("abort", () => this.#fail(abortedError()), { once: true });
  }

  /** Waits for the socket of a QEMU that starts; `signal` ends all that waits for an answer, too. */
  static async open(path: string, signal: AbortSignal): Promise<GdbStub> {
    for (;;) {
      signal.throwIfAborted();
      try {
        const stub = new GdbStub(await connectSocket(path), signal);
        await stub.#ask("?");
        return stub;
      } catch (error) {
        const code = systemErrorCode(error);
        if (code !== "ENOENT" && code !== "ECONNREFUSED") throw error;
      }
      await delay(connectPollMs, undefined, { signal });
    }
  }

  /** Lets the machine run until it is about to do what stands at `address`; it stands still then. */
  async runTo(address: number): Promise<void> {
    const place = `1,${address.toString(16)},1`;
    if ((await this.#ask(`Z${place}`)) !== "OK")
      throw new DvmError("unsupported", "cannot time a boot: QEMU sets no breakpoint");
    await this.#ask("c");
    await this.#ask(`z${place}`);
  }

  /** Lets the machine run on. */
  go(): void {
    this.#send("c");
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  async #ask(packet: string): Promise<string> {
    if (this.#failure !== undefined) throw this.#failure;
    const answer = new Promise<string>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    this.#send(packet);
    return await answer;
  }

  #send(packet: string): void {
    let sum = 0;
    for (const byte of Buffer.from(packet, "latin1")) sum = (sum + byte) & 0xff;
    this.#socket.write(`$${packet}#${sum.toString(16).padStart(2, "0")}`);
  }

  #receive(text: string): void {
    this.#received += text;
    if (this.#received.length > maximumPacketBytes) this.#fail(closedError());
    const found = /\$([^#]*)#../.exec(this.#received);
    if (found === null) return;
    this.#received = this.#received.slice(found.index + found[0].length);
    this.#socket.write("+");
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(found[1] ?? "");
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }
}

function closedError(): DvmError {
  return new DvmError("unavailable", "cannot time a boot: QEMU has closed its GDB socket");
}

function abortedError(): DvmError {
  return new DvmError("deadline", "cannot time a boot: QEMU gave no answer in time");
}

import { createConnection, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { DvmError } from "../../../base/errors.ts";

/** A connection to QEMU's control socket (QEMU Machine Protocol, docs/interop/qmp-spec.txt). */
export class QmpConnection implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #waiting: {
    resolve: (value: unknown) => void;
    reject: (error: unknown) => void;
  }[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on("line", (line) => this.#receive(line));
    socket.on("error", () => this.#fail());
    socket.on("close", () => this.#fail());
  }

  static async open(path: string): Promise<QmpConnection> {
    const socket = createConnection(path);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    const connection = new QmpConnection(socket);
    await connection.execute("qmp_capabilities");
    return connection;
  }

  /** The `return` value of a command; an `error` answer is a {@link DvmError}. */
  async execute(command: string, commandArguments: Record<string, unknown> = {}): Promise<unknown> {
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: commandArguments })}\n`);
    return answer;
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
    }
  }

  #fail(): void {
    for (const { reject } of this.#waiting.splice(0)) {
      reject(new DvmError("unavailable", "cannot control QEMU: its control socket has closed"));
    }
  }
}

import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
const pollMs = 5;
const deadlineMs = 5_000;

export interface RawRequest {
  method?: string;
  path: string;
  /** Lines of the head, each with its end. */
  headers?: string;
  body?: string | undefined;
}

/** The text of a request. `headers` of `upgrade` asks for the connection as docker's client does. */
export function rawRequest({ method = "POST", path, headers = "", body }: RawRequest): string {
  const length =
    body === undefined
      ? ""
      : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nHost: x\r\n${headers}${length}\r\n${body ?? ""}`;
}

/** A client that writes what it likes, and keeps all that it reads. */
export class RawClient implements Disposable {
  static readonly upgrade = upgrade;
  readonly socket: Socket;
  /** Pieces as they came. */
  readonly pieces: Buffer[] = [];
  hasEnded = false;

  constructor(socketPath: string) {
    this.socket = connect({ path: socketPath, allowHalfOpen: true });
    this.socket.on("data", (piece: Buffer) => this.pieces.push(piece));
    this.socket.on("end", () => (this.hasEnded = true));
    this.socket.on("error", () => (this.hasEnded = true));
  }

  get text(): string {
    return Buffer.concat(this.pieces).toString("latin1");
  }

  write(text: string): void {
    this.socket.write(text);
  }

  /** Returns all that came when it holds `text`, or the other side has ended without. */
  async until(text: string): Promise<string> {
    for (let waited = 0; !this.text.includes(text); waited += pollMs) {
      if (this.hasEnded || waited > deadlineMs)
        throw new Error(`never got ${JSON.stringify(text)}: ${JSON.stringify(this.text)}`);
      await delay(pollMs);
    }
    return this.text;
  }

  /** All that came until the other side has ended. */
  async untilEnd(): Promise<string> {
    for (let waited = 0; !this.hasEnded; waited += pollMs) {
      if (waited > deadlineMs) throw new Error(`never ended: ${JSON.stringify(this.text)}`);
      await delay(pollMs);
    }
    return this.text;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

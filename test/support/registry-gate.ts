import { once } from "node:events";
import {
  createServer,
  request as forward,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

export interface SeenByGate {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
}

/** Answers itself and returns true, or lets the request through. */
type Rule = (request: SeenByGate, response: ServerResponse) => boolean | Promise<boolean>;

/**
 * Stands before a registry (or before nothing), notes what is asked, and may answer otherwise: by
 * a rule, or by ending blobs after some bytes.
 */
export class RegistryGate implements AsyncDisposable {
  readonly seen: SeenByGate[] = [];
  rule: Rule = () => false;
  /** How many bytes of each blob's answer are let through before the connection is cut. */
  cutBlobsAfter = Infinity;
  /** After how many bytes of a blob's answer nothing more comes, the connection staying open. */
  holdBlobsAfter = Infinity;
  /** Waited after each piece of a blob's answer. */
  blobPauseMs = 0;
  readonly #target: string | undefined;
  readonly #server: Server;

  private constructor(target: string | undefined) {
    this.#target = target;
    this.#server = createServer((request, response) => void this.#handle(request, response));
  }

  /** `target`: host and port of the registry behind. */
  static async start(target?: string): Promise<RegistryGate> {
    const gate = new RegistryGate(target);
    gate.#server.listen(0, "127.0.0.1");
    await once(gate.#server, "listening");
    return gate;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Paths asked for by `method` that match. */
  asked(method: string, pattern: RegExp): string[] {
    return this.seen
      .filter((one) => one.method === method && pattern.test(one.path))
      .map(({ path }) => path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url: path = "", headers } = request;
    const seen = { method, path, headers };
    this.seen.push(seen);
    if (await this.rule(seen, response)) {
      request.resume();
      return;
    }
    const [hostname, port] = this.#target?.split(":") ?? [];
    if (hostname === undefined) {
      response.writeHead(404).end();
      return;
    }
    const behind = forward({ hostname, port, method, path, headers });
    behind.on("error", () => response.destroy());
    behind.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      if (method === "GET" && /\/blobs\//.test(path)) this.#sendCut(answer, response);
      else answer.pipe(response);
    });
    request.pipe(behind);
  }

  #sendCut(answer: IncomingMessage, response: ServerResponse): void {
    const isHeld = this.holdBlobsAfter < Infinity;
    let left = Math.min(this.cutBlobsAfter, this.holdBlobsAfter);
    answer.on("data", (chunk: Buffer) => {
      if (left <= 0) return;
      if (this.blobPauseMs > 0) {
        answer.pause();
        setTimeout(() => answer.resume(), this.blobPauseMs);
      }
      response.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0 && isHeld) return;
      // what was written arrives, more never does
      if (left <= 0) response.write("", () => response.socket?.end());
    });
    answer.on("end", () => left > 0 && response.end());
  }
}

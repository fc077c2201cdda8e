import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import type { Duplex } from "node:stream";

export interface SeenRequest {
  method: string;
  /** Without the API version. */
  path: string;
  query: URLSearchParams;
  body: Buffer;
}

type Answer = (request: SeenRequest, response: ServerResponse) => void | Promise<void>;
type Takeover = (connection: Duplex) => void | Promise<void>;

/** An HTTP server on a unix socket that answers as the test says, and notes what it was asked. */
export class FakeDaemon implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly #folder: string;
  readonly #server: Server;
  readonly #answers = new Map<string, Answer>();
  readonly #takeovers = new Map<string, Takeover>();

  private constructor(folder: string) {
    this.#folder = folder;
    this.#server = createServer((request, response) => void this.#respond(request, response));
    this.#server.on("upgrade", (request, socket) => this.#takeOver(request, socket));
  }

  static async start(): Promise<FakeDaemon> {
    const daemon = new FakeDaemon(await mkdtemp(join(tmpdir(), "dvm-cli-")));
    daemon.#server.listen(daemon.#socketPath);
    await once(daemon.#server, "listening");
    return daemon;
  }

  get host(): string {
    return `unix://${this.#socketPath}`;
  }

  /** `on("GET /containers/json", …)`: JSON, or what `answer` writes. */
  on(call: string, answer: Answer | object): this {
    const asJson: Answer = (_request, response) => sendJson(response, 200, answer);
    this.#answers.set(call, typeof answer === "function" ? (answer as Answer) : asJson);
    return this;
  }

  fails(call: string, status: number, message: string): this {
    return this.on(call, (_request, response) => sendJson(response, status, { message }));
  }

  /** Gives the connection of a call that leaves HTTP to `takeover`. */
  takesOver(call: string, takeover: Takeover): this {
    this.#takeovers.set(call, takeover);
    return this;
  }

  calls(): string[] {
    return this.requests.map(({ method, path }) => `${method} ${path}`);
  }

  request(call: string): SeenRequest {
    const found = this.requests.find(({ method, path }) => `${method} ${path}` === call);
    if (found === undefined) throw new Error(`${call} was not asked, but ${this.calls().join()}`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #socketPath(): string {
    return join(this.#folder, "dvm.sock");
  }

  async #respond(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = describe(incoming, await buffer(incoming));
    this.requests.push(request);
    const answer = this.#answers.get(`${request.method} ${request.path}`);
    if (answer === undefined) return sendJson(response, 404, { message: "page not found" });
    await answer(request, response);
  }

  #takeOver(incoming: IncomingMessage, socket: Duplex): void {
    const request = describe(incoming, Buffer.alloc(0));
    this.requests.push(request);
    const takeover = this.#takeovers.get(`${request.method} ${request.path}`);
    if (takeover === undefined) {
      socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    socket.write(
      "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n" +
        "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
    );
    void takeover(socket);
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(status === 204 || status === 304 ? undefined : JSON.stringify(body));
}

/** A piece of output as Docker frames it. */
export function frame(stream: 1 | 2, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

function describe({ method = "", url = "" }: IncomingMessage, body: Buffer): SeenRequest {
  const { pathname, searchParams } = new URL(url, "http://dvm");
  return { method, path: pathname.replace(/^\/v[\d.]+/, ""), query: searchParams, body };
}

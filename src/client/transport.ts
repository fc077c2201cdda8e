import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { DvmError, systemErrorCode } from "../base/errors.ts";
import { daemonError } from "./daemon-error.ts";
import { parseJson } from "./json.ts";

/** An `import` of it would also load what it offers for web sockets: 20 ms of every command. */
const http = process.getBuiltinModule("node:http");

/** The version of the Docker Engine API that DVM's daemon speaks. */
export const currentApiVersion = "1.51";
/** It is so already: what was asked for holds. */
const notModified = 304;

export interface Call {
  method: "GET" | "POST" | "PUT" | "DELETE" | "HEAD";
  /** Path below the version, such as `/containers/json`. */
  path: string;
  query?: Query;
  body?: unknown;
  /** Sent as the body instead of JSON. Such a call isn't repeated: see that the daemon runs first. */
  stream?: Readable;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

export interface TransportOptions {
  socketPath: string;
  /** Called once when nothing listens; the call is then made again. */
  startDaemon?: (() => Promise<void>) | undefined;
  /** For talking to an older daemon, such as `1.41`. */
  apiVersion?: string | undefined;
}

/** A connection that left HTTP behind: raw bytes both ways, each way closed on its own. */
export interface HijackedStream {
  socket: Duplex;
  /** Docker's multiplexed framing, or one raw stream (of a terminal); undefined when not told. */
  multiplexed: boolean | undefined;
}

/** HTTP over the daemon's unix socket. Answers of 400 and above become errors. */
export class Transport implements Disposable {
  readonly #options: TransportOptions;
  readonly #agent: Agent;
  #mayStart: boolean;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#agent = new http.Agent({ keepAlive: true });
    this.#mayStart = options.startDaemon !== undefined;
  }

  /** The answer's parsed JSON; undefined for an empty body. */
  async json(call: Call): Promise<unknown> {
    const body = await text(await this.open(call));
    return body === "" ? undefined : parseJson(body);
  }

  /** The answer, its body still to be read. */
  async open(call: Call): Promise<IncomingMessage> {
    return this.#repeatOnceStarted(async () => {
      const request = this.#request(call, { agent: this.#agent });
      const response = await this.#send(request, call);
      return accepted(response);
    });
  }

  /** Sends `call` and takes its connection over. */
  async hijack(call: Call): Promise<HijackedStream> {
    return this.#repeatOnceStarted(async () => {
      const request = this.#request(call, {
        agent: false,
        headers: { Connection: "Upgrade", Upgrade: "tcp" },
      });
      const upgraded = new Promise<HijackedStream>((resolve) => {
        request.on("upgrade", (response: IncomingMessage, socket: Duplex, head: Buffer) => {
          if (head.length > 0) socket.unshift(head);
          resolve({ socket, multiplexed: isMultiplexed(response) });
        });
      });
      const answer = await Promise.race([upgraded, this.#send(request, call)]);
      if ("socket" in answer && "multiplexed" in answer) return answer;
      await accepted(answer);
      answer.destroy();
      throw new DvmError("damaged", `cannot take over ${call.path}: the daemon kept to HTTP`);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  #request(call: Call, more: { agent: Agent | false; headers?: Record<string, string> }) {
    const headers: Record<string, string | number> = {
      Host: "dvm",
      ...call.headers,
      ...more.headers,
    };
    if (call.stream !== undefined) headers["Content-Type"] = "application/x-tar";
    else if (call.body !== undefined) {
      headers["Content-Type"] = "application/json";
      headers["Content-Length"] = Buffer.byteLength(JSON.stringify(call.body));
    } else if (call.method === "POST") headers["Content-Length"] = 0;
    const options = {
      socketPath: this.#options.socketPath,
      // else Node looks whether the host's name is an IP address: 8 ms, by a regular expression
      servername: "",
      method: call.method,
      path: `/v${this.#options.apiVersion ?? currentApiVersion}${call.path}${queryText(call.query)}`,
      agent: more.agent,
      headers,
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    };
    return http.request(options);
  }

  async #send(request: ClientRequest, call: Call): Promise<IncomingMessage> {
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      request.on("response", resolve);
      request.on("error", (error) => reject(this.#connectionError(error)));
    });
    if (call.stream === undefined) {
      request.end(call.body === undefined ? undefined : JSON.stringify(call.body));
      return answer;
    }
    // A daemon that refuses an upload answers and hangs up: its answer counts, not the broken pipe.
    const sent = pipeline(call.stream, request);
    const outcome = await Promise.race([answer, sent.then(() => undefined)]).catch(
      (error) => error,
    );
    if (outcome instanceof Error && !isHangUp(outcome)) {
      answer.catch(() => undefined);
      throw outcome;
    }
    sent.catch(() => undefined);
    return answer;
  }

  async #repeatOnceStarted<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      if (!this.#mayStart || !(error instanceof DvmError) || !isNobodyThere(error.cause))
        throw error;
      this.#mayStart = false;
      await this.#options.startDaemon?.();
      return action();
    }
  }

  #connectionError(error: Error): Error {
    if (error.name === "AbortError") return error;
    const { socketPath } = this.#options;
    if (systemErrorCode(error) === "EACCES")
      return new DvmError(
        "unavailable",
        `permission denied while trying to connect to the DVM daemon socket at unix://${socketPath}`,
        { cause: error, hint: "a daemon serves the user who started it" },
      );
    if (isNobodyThere(error))
      return new DvmError(
        "unavailable",
        `Cannot connect to the DVM daemon at unix://${socketPath}. Is the DVM daemon running?`,
        { cause: error, hint: "`dvm daemon` starts one in the foreground" },
      );
    return new DvmError("unavailable", `cannot talk to the DVM daemon at unix://${socketPath}`, {
      cause: error,
    });
  }
}

async function accepted(response: IncomingMessage): Promise<IncomingMessage> {
  const status = response.statusCode ?? 0;
  if (status < 300 || status === notModified) return response;
  throw daemonError(status, await text(response));
}

function isMultiplexed(response: IncomingMessage): boolean | undefined {
  const type = response.headers["content-type"];
  if (type === "application/vnd.docker.multiplexed-stream") return true;
  // Daemons before API 1.42 say raw-stream for both kinds.
  return undefined;
}

function isNobodyThere(error: unknown): boolean {
  const code = systemErrorCode(error);
  return code === "ENOENT" || code === "ECONNREFUSED";
}

function isHangUp(error: Error): boolean {
  const code = systemErrorCode(error);
  return code === "EPIPE" || code === "ECONNRESET" || code === "ERR_STREAM_PREMATURE_CLOSE";
}

function queryText(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === false || value === "") continue;
    const values = typeof value === "object" ? value : [value === true ? "1" : String(value)];
    for (const one of values) parameters.append(name, one);
  }
  const encoded = parameters.toString();
  return encoded === "" ? "" : `?${encoded}`;
}

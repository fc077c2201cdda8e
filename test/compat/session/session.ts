import assert from "node:assert/strict";
import { request, type OutgoingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { asObject, requireText } from "../../../src/client/json.ts";
import { answerOf, type Answer } from "./answer.ts";
import type { ComparedEngine } from "./engine.ts";

const callDeadlineMs = 120_000;
const waitMs = 90_000;

interface CallOptions {
  /** What tells this call from others with the same line. */
  note?: string;
  /** Stands for a line that is another one each time. */
  name?: string;
  body?: unknown;
  headers?: OutgoingHttpHeaders;
}

interface Conversation {
  note?: string;
  name?: string;
  body?: unknown;
  /** What the client says once the stream is open. */
  input?: string;
  /** The client then keeps its half open, as one at a terminal does. */
  keepOpen?: boolean;
}

/** One walk through an engine: every call's answer is kept by what was asked. */
export class Session {
  readonly answers = new Map<string, Answer>();
  readonly engine: ComparedEngine;

  constructor(engine: ComparedEngine) {
    this.engine = engine;
  }

  /** `line` is such as `GET /containers/json`; without a version before it, 1.51 is asked. */
  async call(line: string, options: CallOptions = {}): Promise<Answer> {
    const answer = await this.#send(line, options);
    this.#keep(options.name ?? line, options.note, answer);
    return answer;
  }

  /** A call that only prepares others; it must succeed. */
  async prepare(line: string, options: CallOptions = {}): Promise<Answer> {
    const answer = await this.#send(line, options);
    assert(answer.status < 400, `${line}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer;
  }

  /** Removes all containers. */
  async tidy(): Promise<void> {
    const { body } = await this.prepare("GET /containers/json?all=1");
    for (const one of Array.isArray(body) ? body : [])
      await this.#send(`DELETE /containers/${requireText(asObject(one), "Id")}?force=1&v=1`, {});
  }

  /** A call whose connection becomes a stream, as attach's and exec's. */
  async converse(line: string, options: Conversation): Promise<Answer> {
    const { note, name, body, input = "", keepOpen = false } = options;
    const [method = "", path = ""] = line.split(" ");
    const document = body === undefined ? "" : JSON.stringify(body);
    const socket = connect(this.engine.socket);
    socket.setTimeout(callDeadlineMs, () => socket.destroy());
    socket.write(
      [
        `${method} ${versioned(path)} HTTP/1.1`,
        ...["Host: docker", "Connection: Upgrade", "Upgrade: tcp"],
        ...["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(document)}`],
        ...["", document],
      ].join("\r\n"),
    );
    if (input !== "") await delay(300);
    socket.write(input);
    if (!keepOpen) socket.end();
    const answer = await conversationOf(await buffer(socket));
    this.#keep(name ?? line, note, answer);
    return answer;
  }

  /** Keeps a part of an answer that is the same each time. */
  note(name: string, body: unknown): void {
    this.#keep(name, undefined, { status: 0, headers: {}, body });
  }

  /** Until what `line` tells is as `isReady` wants it. */
  async until(line: string, isReady: (body: unknown) => boolean): Promise<void> {
    const deadline = performance.now() + waitMs;
    while (!isReady((await this.prepare(line)).body)) {
      assert(performance.now() < deadline, `${line} is not what was waited for`);
      await delay(100);
    }
  }

  #keep(line: string, note: string | undefined, answer: Answer): void {
    const name = note === undefined ? line : `${line} (${note})`;
    assert(!this.answers.has(name), `the session asks twice: ${name}`);
    this.answers.set(name, answer);
  }

  async #send(line: string, { body, headers }: CallOptions): Promise<Answer> {
    const [method = "", path = ""] = line.split(" ");
    const raw = typeof body === "string" || Buffer.isBuffer(body);
    const document = body === undefined || raw ? body : JSON.stringify(body);
    const type = document === undefined ? {} : { "content-type": "application/json" };
    return new Promise<Answer>((resolve, reject) => {
      const call = request(
        {
          socketPath: this.engine.socket,
          ...{ method, path: versioned(path), headers: { ...type, ...headers } },
          signal: AbortSignal.timeout(callDeadlineMs),
        },
        (response) =>
          void buffer(response)
            .then((bytes) => answerOf(response.statusCode ?? 0, response.headers, bytes))
            .then(resolve, reject),
      );
      call.on("error", (cause) => reject(new Error(`${line} got no answer`, { cause })));
      call.end(document);
    });
  }
}

/** A path that begins with a version, or with `//`, is sent as it stands. */
function versioned(path: string): string {
  if (path.startsWith("//")) return path.slice(1);
  return /^\/v\d/.test(path) ? path : `/v1.51${path}`;
}

async function conversationOf(bytes: Buffer): Promise<Answer> {
  const end = bytes.indexOf("\r\n\r\n");
  const [first = "", ...lines] = bytes.subarray(0, Math.max(end, 0)).toString().split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => {
      const [name = "", ...value] = line.split(": ");
      return [name.toLowerCase(), value.join(": ")];
    }),
  );
  return answerOf(Number(first.split(" ")[1]), headers, bytes.subarray(end + 4));
}

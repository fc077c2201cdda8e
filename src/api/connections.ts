import { once } from "node:events";
import { type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { describeError, DvmError } from "../base/errors.ts";
import { readBody } from "./request-body.ts";

/** Requests after whose head, and body, the connection is no longer HTTP's. */
const takers = [
  { method: "POST", path: /^(\/v\d+\.\d+)?\/exec\/[^/?]+\/start\/?(\?|$)/ },
  { method: "POST", path: /^(\/v\d+\.\d+)?\/containers\/[^/?]+\/attach\/?(\?|$)/, isAttach: true },
  {
    method: "GET",
    path: /^(\/v\d+\.\d+)?\/containers\/[^/?]+\/attach\/ws\/?(\?|$)/,
    isAttach: true,
    isWebSocket: true,
  },
];

function takerOf({ method, url = "", headers }: IncomingMessage) {
  const taker = takers.find((one) => one.method === method && one.path.test(url));
  return taker?.isWebSocket === true && headers.upgrade === undefined ? undefined : taker;
}

/** What Node's server has on each connection; not documented, and so looked at before it is used. */
interface Parser {
  onIncoming: (request: IncomingMessage, keepAlive: boolean) => unknown;
}

/** Connections of a server that requests have taken over. */
export interface TakenConnections {
  /** Node's server would wait until they hang up. */
  destroy(): void;
}

/**
 * Gives `app` the connections of `server`. Node leaves a connection to a request only if that asks
 * for an upgrade in the right words, and would read what follows others as requests: here its parser
 * is told for each head whether it is the last one.
 */
export function takeConnections(app: FastifyInstance, server: Server): TakenConnections {
  const taken = new Set<Socket>();
  const answers = new WeakMap<Socket, ServerResponse>();
  Object.assign(server, { shouldUpgradeCallback: isTaker });
  const watch = (socket: Socket & { parser?: Parser }) => {
    const parser = socket.parser;
    if (parser === undefined) return; // the encrypted side of a connection, whose clear one follows
    const { onIncoming } = parser;
    parser.onIncoming = (request, keepAlive) => {
      if (isTaker(request)) Object.assign(request, { upgrade: true });
      return onIncoming(request, keepAlive);
    };
  };
  server.on("connection", watch);
  server.on("secureConnection", watch);
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    answers.set(request.socket, response);
  });
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    taken.add(socket);
    socket.on("close", () => taken.delete(socket));
    socket.on("error", () => socket.destroy());
    route(app, { request, socket, head, before: answers.get(socket) }).catch(() =>
      socket.destroy(),
    );
  });
  return {
    destroy() {
      for (const socket of taken) socket.destroy();
    },
  };
}

function isTaker(request: IncomingMessage): boolean {
  return takerOf(request) !== undefined;
}

interface Taken {
  request: IncomingMessage;
  socket: Socket;
  /** What came with the request's head. */
  head: Buffer;
  /** The answer to the last request that came by the same connection. */
  before: ServerResponse | undefined;
}

/** The request is routed like any other, with the body that Node didn't read; its socket stays raw. */
async function route(app: FastifyInstance, { request, socket, head, before }: Taken) {
  if (before !== undefined && !before.closed) await once(before, "close");
  socket.setTimeout(0);
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.on("finish", () => socket.end());
  if (head.length > 0) socket.unshift(head);
  try {
    giveBody(request, await bodyOf(request, socket));
  } catch (error) {
    if (!(error instanceof DvmError)) throw error;
    response.writeHead(400, { "Content-Type": "application/json" });
    response.end(`${JSON.stringify({ message: describeError(error) })}\n`);
    return;
  }
  app.routing(request, response);
}

/** An attach has none: what has a length is read, and of no use; chunks are input, as they are. */
async function bodyOf(request: IncomingMessage, socket: Socket): Promise<Buffer> {
  if (takerOf(request)?.isAttach !== true) return readBody(request, socket);
  if (request.headers["transfer-encoding"] === undefined) await readBody(request, socket);
  return Buffer.alloc(0);
}

const bodies = new WeakMap<IncomingMessage, Buffer>();

/** Node's own stream of the request has ended: {@link readTakenBodies} puts another one in its place. */
function giveBody(request: IncomingMessage, body: Buffer): void {
  delete request.headers["transfer-encoding"];
  if (body.length === 0) delete request.headers["content-type"];
  request.headers["content-length"] = String(body.length);
  bodies.set(request, body);
}

/** Whether a request's connection is no longer HTTP's. */
export function hasTaken(request: IncomingMessage): boolean {
  return bodies.has(request);
}

/** Has `app` read the bodies of requests that took a connection over as it reads others. */
export function readTakenBodies(app: FastifyInstance): void {
  app.addHook("preParsing", (request, _reply, payload, done) => {
    const body = bodies.get(request.raw);
    done(null, body === undefined ? payload : Readable.from([body], { objectMode: false }));
  });
}

import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { FastifyReply, FastifyRequest } from "fastify";
import { asksBefore } from "./api-version.ts";
import { errorText, statusOf } from "./error-status.ts";

const rawStream = "application/vnd.docker.raw-stream";
const multiplexedStream = "application/vnd.docker.multiplexed-stream";

const statusTexts: Readonly<Record<number, string>> = {
  400: "Bad Request",
  404: "Not Found",
  409: "Conflict",
  500: "Internal Server Error",
};

/**
 * Clients read the answer's head by a buffer, and forget what else comes into that: the first output
 * is held back so long. Docker's runtime takes longer to start anything.
 */
const headAloneMs = 15;

interface Hijacking {
  /** Whether frames tell the output's streams apart. */
  isMultiplexed: boolean;
  /** Further lines of the answer's head. */
  headers?: Record<string, string>;
}

export interface Hijacked {
  connection: Duplex;
  /** Settles when the system has the answer's head. */
  headSent: Promise<void>;
  /** Settles when a client has had the time to read it. */
  headRead: Promise<void>;
}

/**
 * Takes the connection over from HTTP, as attach and exec do: from now on it is raw in both
 * directions. `101` where the client asked for an upgrade, `200` where it didn't.
 */
export function hijack(
  request: FastifyRequest,
  reply: FastifyReply,
  { isMultiplexed, headers = {} }: Hijacking,
): Hijacked {
  const upgrade = request.headers.upgrade !== undefined;
  // who asks for no upgrade knows of the one type only, whatever comes
  const isTold = isMultiplexed && upgrade && !asksBefore(request, "1.42");
  return takeOver(reply, [
    upgrade ? "HTTP/1.1 101 UPGRADED" : "HTTP/1.1 200 OK",
    `Content-Type: ${isTold ? multiplexedStream : rawStream}`,
    ...(upgrade ? ["Connection: Upgrade", "Upgrade: tcp"] : []),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]);
}

/** What can't be attached to is said in the same form as what is: as text, to the connection's end. */
export function refuseHijack(reply: FastifyReply, error: unknown): void {
  const status = statusOf(error);
  const { connection } = takeOver(reply, [
    `HTTP/1.1 ${status} ${statusTexts[status] ?? "Error"}`,
    `Content-Type: ${rawStream}`,
  ]);
  connection.end(`${errorText(error)}\r\n`);
  connection.resume();
}

function takeOver(reply: FastifyReply, head: string[]): Hijacked {
  const { socket } = reply.request.raw;
  reply.hijack();
  reply.raw.detachSocket(socket);
  const headSent = new Promise<void>((resolve) => {
    socket.write(`${head.join("\r\n")}\r\n\r\n`, () => resolve());
  });
  const headRead = headSent.then(() => delay(headAloneMs));
  return { connection: socket, headSent, headRead };
}

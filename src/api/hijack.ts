import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { DvmError } from "../base/errors.ts";

const rawStream = "application/vnd.docker.raw-stream";
const multiplexedStream = "application/vnd.docker.multiplexed-stream";

/**
 * Takes the connection over from HTTP, as attach and exec do: from now on it is raw in both
 * directions. `101` where the client asked for an upgrade, `200` where it didn't.
 */
export function hijack(
  request: FastifyRequest,
  reply: FastifyReply,
  options: { tty: boolean },
): Duplex {
  reply.hijack();
  const connection: Duplex = request.raw.socket;
  reply.raw.detachSocket(request.raw.socket);
  const upgrade = request.headers.upgrade !== undefined;
  // who asks for no upgrade knows of the one type only, whatever comes
  const type = options.tty || !upgrade ? rawStream : multiplexedStream;
  const head = upgrade
    ? `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${type}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`
    : `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n\r\n`;
  connection.write(head);
  connection.on("error", () => connection.destroy());
  return connection;
}

const upgradeBodies = new WeakMap<IncomingMessage, Buffer>();

export function keepUpgradeBody(request: IncomingMessage, body: Buffer): void {
  upgradeBodies.set(request, body);
}

/** The JSON body of a request, whether it asked for an upgrade or not; undefined for an empty one. */
export function jsonBody(request: FastifyRequest): unknown {
  const kept = upgradeBodies.get(request.raw);
  if (kept === undefined || kept.length === 0) return request.body;
  try {
    return JSON.parse(kept.toString("utf8"));
  } catch (cause) {
    throw new DvmError("invalid", "cannot read the request: its body is not JSON", { cause });
  }
}

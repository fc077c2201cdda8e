import type { OutgoingHttpHeaders } from "node:http";
import type { FastifyReply } from "fastify";

/** Begins an answer that goes on: who asked gets the head at once, the body is the caller's to write. */
export function startAnswer(reply: FastifyReply, headers: OutgoingHttpHeaders): void {
  const { raw } = reply;
  raw.writeHead(200, { ...(reply.getHeaders() as OutgoingHttpHeaders), ...headers });
  raw.flushHeaders();
}

import type { FastifyReply } from "fastify";

/** Aborts when the client goes before its answer is complete. */
export function goneSignal(reply: FastifyReply): AbortSignal {
  const stop = new AbortController();
  reply.raw.on("close", () => stop.abort());
  return stop.signal;
}

import { pipeline } from "node:stream/promises";
import type { FastifyReply } from "fastify";
import { describeError, systemErrorCode } from "../base/errors.ts";
import type { Engine } from "../engine/core.ts";
import { startAnswer } from "./start-answer.ts";

/** Answers with a tar as it is made. */
export async function sendTar(
  reply: FastifyReply,
  tar: AsyncIterable<Uint8Array>,
  headers: Record<string, string> = {},
): Promise<void> {
  reply.hijack();
  startAnswer(reply, { "Content-Type": "application/x-tar", ...headers });
  await pipeline(tar, reply.raw);
}

/**
 * After its head an answer can't become an error: it breaks off, so that nobody takes it for whole,
 * and the log says why.
 */
export function afterStart(engine: Engine, reply: FastifyReply): (error: unknown) => void {
  return (error) => {
    if (!reply.raw.headersSent) throw error;
    reply.raw.destroy();
    const hasGone = systemErrorCode(error) === "ERR_STREAM_PREMATURE_CLOSE";
    if (!hasGone) engine.parts.log(`${reply.request.url} broke off: ${describeError(error)}`);
  };
}

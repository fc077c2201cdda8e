import type { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { errorText, sendError } from "./error-status.ts";
import { goneSignal } from "./gone-signal.ts";
import { startAnswer } from "./start-answer.ts";

type Action = (body: Readable, write: (line: object) => void, signal: AbortSignal) => Promise<void>;

/**
 * Answers with a JSON object a line while `action` runs; an error is a line too. The signal tells
 * that nobody listens any more.
 */
export async function answerWithLines(
  request: FastifyRequest,
  reply: FastifyReply,
  action: Action,
): Promise<void> {
  reply.hijack();
  const lines = linesTo(reply);
  try {
    await action(request.raw, lines.write, lines.signal);
  } catch (error) {
    lines.fail(error);
  }
  reply.raw.end();
}

/** The same, but what fails before the first line is answered by a status of its own, as in docker. */
export async function answerWithLinesOrStatus(
  request: FastifyRequest,
  reply: FastifyReply,
  action: Action,
): Promise<FastifyReply> {
  const lines = linesTo(reply);
  try {
    await action(request.raw, lines.write, lines.signal);
  } catch (error) {
    if (!reply.raw.headersSent) return sendError(reply, error);
    lines.fail(error);
  }
  reply.hijack();
  reply.raw.end();
  return reply;
}

function linesTo(reply: FastifyReply) {
  const { raw } = reply;
  const write = (line: object): void => {
    if (!raw.headersSent) startAnswer(reply, { "Content-Type": "application/json" });
    raw.write(`${JSON.stringify(line)}\n`);
  };
  const fail = (error: unknown): void => {
    const message = errorText(error);
    write({ error: message, errorDetail: { message } });
  };
  return { write, fail, signal: goneSignal(reply) };
}

import type { FastifyReply } from "fastify";
import { describeError, DvmError, type ErrorCode, systemErrorCode } from "../base/errors.ts";

/** The one place where an error class becomes an HTTP status. */
const statuses: Record<ErrorCode, number> = {
  invalid: 400,
  "command-not-found": 400,
  "command-not-executable": 400,
  unauthorized: 401,
  "not-found": 404,
  conflict: 409,
  forbidden: 403,
  "not-modified": 304,
  unsupported: 501,
  unclassified: 500,
  unavailable: 500,
  "switched-off": 503,
  "no-space": 507,
  deadline: 504,
  damaged: 500,
  internal: 500,
};

export function statusOf(error: unknown): number {
  if (error instanceof DvmError) return statuses[error.code];
  if (error instanceof Error && "statusCode" in error && typeof error.statusCode === "number") {
    return error.statusCode;
  }
  return isFullDisk(error) ? statuses["no-space"] : 500;
}

function isFullDisk(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes(systemErrorCode(error) ?? "");
}

/** Answers as the Engine API does: `{"message": …}`, with the hint on a line of its own. */
export function sendError(reply: FastifyReply, error: unknown): FastifyReply {
  const status = statusOf(error);
  if (status === 304) return reply.status(304).send();
  return reply.status(status).send({ message: errorText(error) });
}

/** As clients of before API 1.24 are told that they are too old. */
export function sendPlainError(reply: FastifyReply, error: unknown): FastifyReply {
  return reply
    .status(statusOf(error))
    .headers({ "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" })
    .send(`${errorText(error)}\n`);
}

export function errorText(error: unknown): string {
  const hint = error instanceof DvmError && error.hint !== undefined ? `\n${error.hint}` : "";
  return describeError(error) + hint;
}

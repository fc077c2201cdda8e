import { DvmError, type ErrorCode } from "../base/errors.ts";
import { asObject, asText } from "./json.ts";

const codeOfStatus: Record<number, ErrorCode> = {
  400: "invalid",
  401: "unauthorized",
  403: "forbidden",
  404: "not-found",
  408: "deadline",
  409: "conflict",
  501: "unsupported",
  503: "unavailable",
  504: "deadline",
  507: "no-space",
};

/** The error that an answer with a status of 400 or more stands for; its body is `{message, hint?}`. */
export function daemonError(status: number, body: string): DvmError {
  const answer = parseAnswer(body);
  const text = asText(answer["message"]) || body.trim() || `HTTP status ${status}`;
  const hint = asText(answer["hint"]);
  return new DvmError(
    codeOfStatus[status] ?? "internal",
    `Error response from daemon: ${text}`,
    hint === "" ? {} : { hint },
  );
}

function parseAnswer(body: string): Record<string, unknown> {
  try {
    return asObject(JSON.parse(body));
  } catch {
    return {}; // a plain-text error, as proxies and routers send
  }
}

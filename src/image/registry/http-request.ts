import http, { type Agent, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import https from "node:https";
import { pipeline } from "node:stream/promises";
import { DvmError, systemErrorCode } from "../../base/errors.ts";

export interface HttpRequest {
  method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  url: URL;
  headers: Record<string, string>;
  /** Bytes with a known length, or a stream, which is sent in chunks. */
  body?: Buffer | AsyncIterable<Uint8Array> | undefined;
  agent: Agent;
  /** For how long the connection may be silent. */
  idleMs: number;
  signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  method: HttpRequest["method"];
  url: URL;
  status: number;
  headers: IncomingHttpHeaders;
  /** Must be read or destroyed. */
  body: IncomingMessage;
}

const shortBytes = 64 * 1024;

/** One request, whatever the answer's status. Throws `unavailable` or `deadline` when none came. */
export async function sendRequest(options: HttpRequest): Promise<HttpAnswer> {
  const { method, url, headers, body, agent, idleMs, signal } = options;
  const { request: open } = url.protocol === "https:" ? https : http;
  const length = Buffer.isBuffer(body) ? { "Content-Length": String(body.length) } : {};
  const empty = body === undefined && method !== "GET" && method !== "HEAD";
  const request = open(url, {
    method,
    agent,
    headers: { ...headers, ...length, ...(empty ? { "Content-Length": "0" } : {}) },
    ...(signal === undefined ? {} : { signal }),
  });
  let response: IncomingMessage | undefined;
  request.setTimeout(idleMs, () => (response ?? request).destroy(stalled(url, idleMs)));
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    request.once("response", (arrived) => {
      response = arrived;
      arrived.on("error", () => undefined); // whoever reads it sees the error
      resolve(arrived);
    });
    request.on("error", (error) => reject(connectionError(url, error)));
  });
  if (body === undefined || Buffer.isBuffer(body)) request.end(body);
  else await sendStream(request, body, answer);
  const { statusCode = 0, headers: answered } = await answer;
  return { method, url, status: statusCode, headers: answered, body: await answer };
}

/** Without its parameters; empty when none is said. */
export function mediaTypeOf({ headers }: HttpAnswer): string {
  return (headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";
}

/** Lets go of an answer whose body nobody wants; after a short one the connection serves again. */
export function discard({ method, headers, body }: HttpAnswer): void {
  const length = method === "HEAD" ? 0 : Number(headers["content-length"] ?? Infinity);
  if (length <= shortBytes) body.resume();
  else body.destroy();
}

/** Its own failures count; that the registry hangs up early doesn't, when it says why. */
async function sendStream(
  request: http.ClientRequest,
  body: AsyncIterable<Uint8Array>,
  answer: Promise<IncomingMessage>,
): Promise<void> {
  answer.catch(() => undefined);
  const sent = pipeline(body, request).catch(async (error: unknown) => {
    if (error instanceof DvmError) throw error;
    await answer; // tells why, or fails with the connection's error
  });
  await Promise.race([sent, answer]);
  sent.catch(() => undefined);
}

function stalled(url: URL, idleMs: number): DvmError {
  return new DvmError(
    "deadline",
    `cannot go on talking to ${url.host}: it was silent for ${idleMs / 1000} s`,
  );
}

/** What went wrong beneath HTTP, in words. Stays as it is when it is ours already. */
export function connectionError(url: URL, error: unknown): Error {
  if (error instanceof DvmError) return error;
  if (error instanceof Error && error.name === "AbortError") return error;
  const code = systemErrorCode(error) ?? "";
  const detail = error instanceof Error && error.message !== "" ? error.message : code;
  return new DvmError("unavailable", `cannot reach ${url.origin}: ${detail}`, {
    ...(isCertificateError(code)
      ? { hint: "to trust the registry's certificate, see docs/registries.md" }
      : {}),
    cause: undefined,
  });
}

function isCertificateError(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code);
}

import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { DvmError } from "../base/errors.ts";

const limitBytes = 1024 * 1024;
const deadlineMs = 300_000;

/**
 * The body of a request whose connection Node's parser has left: by its length, or in chunks. What
 * follows stays in the socket.
 */
export async function readBody({ headers }: IncomingMessage, socket: Socket): Promise<Buffer> {
  const decode = decoderOf(headers);
  const deadline = AbortSignal.timeout(deadlineMs);
  let bytes: Buffer = Buffer.alloc(0);
  let isAsked = headers.expect?.toLowerCase() !== "100-continue";
  for (;;) {
    const decoded = decode(bytes);
    if (decoded !== undefined) {
      const rest = bytes.subarray(decoded.end);
      if (rest.length > 0) socket.unshift(rest);
      return decoded.body;
    }
    if (bytes.length > 2 * limitBytes) throw tooLarge();
    if (!isAsked) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    isAsked = true;
    bytes = Buffer.concat([bytes, await nextChunk(socket, deadline)]);
  }
}

interface Decoded {
  body: Buffer;
  /** Where the body ends in what was read. */
  end: number;
}

/** Gives undefined as long as the body isn't whole. */
type Decoder = (bytes: Buffer) => Decoded | undefined;

function decoderOf(headers: IncomingMessage["headers"]): Decoder {
  if (headers["transfer-encoding"] !== undefined) return decodeChunks;
  const length = Number(headers["content-length"] ?? 0);
  if (!(length <= limitBytes)) throw tooLarge();
  return (bytes) =>
    bytes.length < length ? undefined : { body: bytes.subarray(0, length), end: length };
}

function decodeChunks(bytes: Buffer): Decoded | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd === -1) return undefined;
    const size = /^([0-9a-f]{1,8})[ \t]*(;.*)?$/i.exec(bytes.toString("latin1", at, lineEnd))?.[1];
    if (size === undefined) throw new DvmError("invalid", "invalid chunk in the request's body");
    const length = Number.parseInt(size, 16);
    if (length > limitBytes) throw tooLarge();
    if (length === 0) return endOfChunks(bytes, lineEnd, parts);
    const start = lineEnd + 2;
    if (bytes.length < start + length + 2) return undefined;
    parts.push(bytes.subarray(start, start + length));
    at = start + length + 2;
  }
}

/** Trailers, which nobody reads, end with an empty line. */
function endOfChunks(bytes: Buffer, lineEnd: number, parts: Buffer[]): Decoded | undefined {
  const end = bytes.indexOf("\r\n\r\n", lineEnd);
  return end === -1 ? undefined : { body: Buffer.concat(parts), end: end + 4 };
}

function tooLarge(): DvmError {
  return new DvmError("invalid", "http: request body too large");
}

/** Throws when the client has gone, or lets wait too long. Takes no more than one piece. */
function nextChunk(socket: Socket, deadline: AbortSignal): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const onData = (chunk: Buffer) => {
    socket.pause();
    resolve(chunk);
  };
  const onGone = () => reject(new Error("the client has gone"));
  socket.on("data", onData);
  socket.on("end", onGone);
  socket.on("close", onGone);
  deadline.addEventListener("abort", onGone);
  socket.resume();
  return promise.finally(() => {
    socket.off("data", onData);
    socket.off("end", onGone);
    socket.off("close", onGone);
    deadline.removeEventListener("abort", onGone);
  });
}

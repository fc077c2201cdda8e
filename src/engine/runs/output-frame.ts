import { once } from "node:events";
import type { Writable } from "node:stream";
import type { OutputStream } from "./logs/log-line.ts";

const streamNumbers: Record<OutputStream, number> = { stdout: 1, stderr: 2 };
const frameHeaderBytes = 8;

/** One frame of Docker's: {stream u8, 0, 0, 0, length u32 big endian}, bytes. */
export function outputFrame(stream: OutputStream, bytes: Uint8Array): Buffer {
  return Buffer.concat([frameHead(stream, bytes.length), bytes]);
}

/** So long bytes are written beside their frame's head instead of being copied behind it. */
const longBytes = 4096;

/** Writes output, in a frame or as it is, and waits as {@link writeAll} does. */
export async function writeOutput(
  sink: Writable,
  bytes: Uint8Array,
  frame: { stream: OutputStream } | undefined,
): Promise<void> {
  if (frame === undefined) return writeAll(sink, bytes);
  if (bytes.length < longBytes) return writeAll(sink, outputFrame(frame.stream, bytes));
  sink.cork();
  sink.write(frameHead(frame.stream, bytes.length));
  const writing = writeAll(sink, bytes);
  sink.uncork();
  return writing;
}

function frameHead(stream: OutputStream, length: number): Buffer {
  const head = Buffer.allocUnsafe(frameHeaderBytes);
  head.writeUInt32BE(streamNumbers[stream] << 24, 0);
  head.writeUInt32BE(length, 4);
  return head;
}

/** Writes and waits until there's room for more; throws when the other side has gone. */
export async function writeAll(sink: Writable, bytes: Uint8Array): Promise<void> {
  if (sink.destroyed || sink.writableEnded) throw new Error("the connection has closed");
  if (sink.write(bytes)) return;
  const stop = new AbortController();
  try {
    await Promise.race([
      once(sink, "drain", { signal: stop.signal }),
      once(sink, "close", { signal: stop.signal }),
    ]);
  } finally {
    stop.abort();
  }
}

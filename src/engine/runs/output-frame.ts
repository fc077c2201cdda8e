import { once } from "node:events";
import type { Writable } from "node:stream";
import type { OutputStream } from "./logs/log-line.ts";

const streamNumbers: Record<OutputStream, number> = { stdout: 1, stderr: 2 };
const frameHeaderBytes = 8;

/** One frame of Docker's: {stream u8, 0, 0, 0, length u32 big endian}, bytes. */
export function outputFrame(stream: OutputStream, bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(frameHeaderBytes + bytes.length);
  frame.writeUInt32BE(streamNumbers[stream] << 24, 0);
  frame.writeUInt32BE(bytes.length, 4);
  frame.set(bytes, frameHeaderBytes);
  return frame;
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

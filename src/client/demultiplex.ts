import type { Readable, Writable } from "node:stream";
import { once } from "node:events";
import { DvmError } from "../base/errors.ts";

const headerBytes = 8;

/**
 * Takes Docker's multiplexed stream apart. Each frame: one byte of stream (0 stdin, 1 stdout,
 * 2 stderr), three zero bytes, a 32-bit big-endian length, the bytes. Frames are passed on as they
 * come, never held whole. Returns when `source` has ended.
 */
export async function demultiplex(
  source: Readable,
  sinks: { stdout: Writable | undefined; stderr: Writable | undefined },
): Promise<void> {
  const header = Buffer.alloc(headerBytes);
  let headerFill = 0;
  let left = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    let rest = chunk;
    while (rest.length > 0) {
      if (left === 0) {
        const taken = rest.copy(header, headerFill, 0, headerBytes - headerFill);
        headerFill += taken;
        rest = rest.subarray(taken);
        if (headerFill < headerBytes) continue;
        headerFill = 0;
        left = frameLength(header);
        continue;
      }
      const payload = rest.subarray(0, left);
      rest = rest.subarray(payload.length);
      left -= payload.length;
      await write(header[0] === 2 ? sinks.stderr : sinks.stdout, payload);
    }
  }
  if (left > 0 || headerFill > 0)
    throw new DvmError("damaged", "cannot read the container's output: it ends within a frame");
}

/** Copies a terminal's raw bytes. Returns when `source` has ended. */
export async function copyRaw(source: Readable, sink: Writable | undefined): Promise<void> {
  for await (const chunk of source as AsyncIterable<Buffer>) await write(sink, chunk);
}

function frameLength(header: Buffer): number {
  const stream = header[0] ?? 0;
  if (stream > 2 || header.readUIntBE(1, 3) !== 0)
    throw new DvmError(
      "damaged",
      `cannot read the container's output: no frame starts with ${header.toString("hex")}`,
    );
  return header.readUInt32BE(4);
}

async function write(sink: Writable | undefined, bytes: Buffer): Promise<void> {
  if (sink === undefined || sink.destroyed || sink.writableEnded) return;
  if (!sink.write(bytes)) await once(sink, "drain");
}

import { setTimeout as delay } from "node:timers/promises";
import type { Duplex } from "node:stream";
import { Backlog } from "./backlog.ts";
import type { Attachment } from "./container-streams.ts";
import { outputFrame } from "./output-frame.ts";

/** Who takes nothing for so long, with a full backlog, is taken for gone. */
const stalledMs = 60_000;

interface ConnectionOptions {
  stdout: boolean;
  stderr: boolean;
  /** In Docker's 8-byte framing, else the bytes as they are. */
  isMultiplexed: boolean;
  /** Where a backlog lies that is too long for the memory. */
  folder: string;
}

/**
 * An attachment that writes to a connection. One that is slow keeps neither the container nor others
 * waiting: what it has not taken lies in a backlog.
 */
export function connectionAttachment(connection: Duplex, options: ConnectionOptions): Attachment {
  const backlog = new Backlog(options.folder);
  let isEnding = false;
  let hasRoom = true;
  let takenAt = performance.now();
  const pump = () => {
    hasRoom = true;
    takenAt = performance.now();
    while (hasRoom && !backlog.isEmpty && !connection.destroyed)
      hasRoom = connection.write(backlog.shift() ?? Buffer.alloc(0));
    if (isEnding && backlog.isEmpty) connection.end();
  };
  connection.on("drain", pump);
  connection.on("close", () => backlog[Symbol.dispose]());
  return {
    wants: { stdout: options.stdout, stderr: options.stderr },
    async write(stream, bytes) {
      if (connection.destroyed || isEnding) throw new Error("the connection has closed");
      const out = options.isMultiplexed ? outputFrame(stream, bytes) : bytes;
      if (hasRoom && backlog.isEmpty) hasRoom = connection.write(out);
      else backlog.push(out);
      while (backlog.isFull && !connection.destroyed) {
        if (performance.now() - takenAt > stalledMs) connection.destroy();
        await delay(100, undefined, { ref: false });
      }
    },
    end() {
      isEnding = true;
      if (hasRoom || backlog.isEmpty) pump();
    },
  };
}

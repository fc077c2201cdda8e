import { once } from "node:events";
import { PassThrough, type Duplex, type Readable, type Writable } from "node:stream";
import type { OutputStream } from "./container-log.ts";

/** Someone who is attached: gets a copy of the output, may give input. */
export interface Attachment {
  /** Called one at a time; the container's output waits for it, as Docker's does. */
  write(stream: OutputStream, bytes: Uint8Array): Promise<void>;
  /** No more output will come. */
  end(): void;
  wants: Record<OutputStream, boolean>;
}

/**
 * Where a container's output is spread to those attached, and their input comes together. Lives
 * as long as the container, over its restarts.
 */
export class ContainerStreams {
  readonly #attached = new Set<Attachment>();
  #input = new PassThrough();

  add(attachment: Attachment): () => void {
    this.#attached.add(attachment);
    return () => this.#attached.delete(attachment);
  }

  /** Takes `source` as input. With `once`, its end is the end of the container's input. */
  addInput(source: Readable, options: { once: boolean }): void {
    source.pipe(this.#input, { end: options.once });
  }

  /** A new run begins: input given since the last one goes to `stdin`. */
  connectInput(stdin: Writable): void {
    stdin.on("error", () => {}); // the process closed its input: what follows is nobody's
    this.#input.pipe(stdin);
  }

  async write(stream: OutputStream, bytes: Uint8Array): Promise<void> {
    const interested = [...this.#attached].filter((attachment) => attachment.wants[stream]);
    await Promise.all(
      interested.map((attachment) =>
        attachment.write(stream, bytes).catch(() => this.#attached.delete(attachment)),
      ),
    );
  }

  /** The run is over: lets go of all who are attached. */
  end(): void {
    for (const attachment of this.#attached) attachment.end();
    this.#attached.clear();
    this.#input.destroy();
    this.#input = new PassThrough();
  }
}

interface SinkOptions {
  stdout: boolean;
  stderr: boolean;
  /** With a terminal the bytes go as they are; without, in Docker's 8-byte framing. */
  tty: boolean;
}

const streamNumbers: Record<OutputStream, number> = { stdout: 1, stderr: 2 };
const frameHeaderBytes = 8;

/** An attachment that writes to a connection in the Engine API's attach format. */
export function connectionAttachment(connection: Duplex, options: SinkOptions): Attachment {
  return {
    wants: { stdout: options.stdout, stderr: options.stderr },
    write: (stream, bytes) =>
      writeAll(connection, options.tty ? bytes : outputFrame(stream, bytes)),
    end: () => connection.end(),
  };
}

/** One frame: {stream u8, 0, 0, 0, length u32 big endian}, bytes. */
export function outputFrame(stream: OutputStream, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(frameHeaderBytes);
  header.writeUInt8(streamNumbers[stream], 0);
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
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

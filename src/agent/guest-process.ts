import type { Writable } from "node:stream";
import { InputStream } from "./input-stream.ts";
import { OutputStream } from "./output-stream.ts";
import { channel, frameType, request, windowBytes, type RequestType } from "./protocol.ts";
import { brokenProtocol, MessageReader, MessageWriter } from "./wire.ts";

export interface ProcessExit {
  exitCode: number;
  oomKilled: boolean;
}

/** What a process needs of its connection. */
export interface ProcessLink {
  send(type: number, id: number, ...payload: Uint8Array[]): void;
  request(type: RequestType, payload: Buffer): Promise<Buffer>;
  /** The process has ended and its output was read: the agent may forget it. */
  finished(process: GuestProcess): void;
}

export interface StreamOffsets {
  stdin: bigint;
  stdout: bigint;
  stderr: bigint;
}

/** A process in a guest. Who starts one reads its output or discards it; else it is held up. */
export class GuestProcess {
  readonly id: number;
  /** In the guest. */
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Rejects when the machine goes before the process has ended. */
  readonly exited: Promise<ProcessExit>;
  readonly #link: ProcessLink;
  readonly #input: InputStream;
  #settle: { resolve: (exit: ProcessExit) => void; reject: (error: Error) => void };
  #hasExited = false;

  constructor(link: ProcessLink, ids: { id: number; pid: number }, from: StreamOffsets) {
    this.id = ids.id;
    this.pid = ids.pid;
    this.#link = link;
    const { promise, resolve, reject } = Promise.withResolvers<ProcessExit>();
    this.exited = promise;
    this.#settle = { resolve, reject };
    promise.catch(() => {}); // it may go while nobody waits for it
    this.#input = new InputStream(from.stdin, (offset, bytes) =>
      bytes === undefined
        ? link.send(frameType.end, this.#stream(channel.stdin), u64(offset))
        : link.send(frameType.data, this.#stream(channel.stdin), u64(offset), bytes),
    );
    this.#input.on("error", () => {}); // who writes sees it by the write's callback
    this.stdin = this.#input;
    this.stdout = this.#output(channel.stdout, from.stdout);
    this.stderr = this.#output(channel.stderr, from.stderr);
  }

  async resize(rows: number, columns: number): Promise<void> {
    const payload = new MessageWriter().u32(this.id).u32(rows).u32(columns).finish();
    await this.#link.request(request.resize, payload);
  }

  async signal(signal: number): Promise<void> {
    const payload = new MessageWriter().u32(this.id).u32(signal).finish();
    await this.#link.request(request.signal, payload);
  }

  /** Takes a frame of one of its streams, or its EXIT. */
  receive(type: number, streamChannel: number, payload: Buffer): void {
    const from = new MessageReader(payload);
    if (type === frameType.exit) {
      this.#exit({ exitCode: from.u32(), oomKilled: from.u8() !== 0 });
    } else if (type === frameType.ack && streamChannel === channel.stdin) {
      this.#input.acknowledge(from.u64(), from.u32());
    } else if (type === frameType.data && streamChannel !== channel.stdin) {
      this.#outputOf(streamChannel).receive(from.u64(), from.rest());
    } else if (type === frameType.end && streamChannel !== channel.stdin) {
      this.#outputOf(streamChannel).end(from.u64());
      this.#tellWhenFinished();
    } else {
      throw brokenProtocol(`a frame of type ${type} for channel ${streamChannel}`);
    }
  }

  /** The channel has gone. */
  fail(error: Error): void {
    this.#settle.reject(error);
    this.stdout.fail(error);
    this.stderr.fail(error);
    this.#input.destroy();
  }

  #exit(exit: ProcessExit): void {
    this.#hasExited = true;
    this.#input.destroy();
    this.#settle.resolve(exit);
    this.#tellWhenFinished();
  }

  #tellWhenFinished(): void {
    if (this.#hasExited && this.stdout.isDone && this.stderr.isDone) this.#link.finished(this);
  }

  #output(streamChannel: number, start: bigint): OutputStream {
    return new OutputStream(start, (consumed) => {
      const window = Buffer.alloc(4);
      window.writeUInt32LE(windowBytes);
      this.#link.send(frameType.ack, this.#stream(streamChannel), u64(consumed), window);
      queueMicrotask(() => this.#tellWhenFinished());
    });
  }

  #outputOf(streamChannel: number): OutputStream {
    return streamChannel === channel.stdout ? this.stdout : this.stderr;
  }

  #stream(streamChannel: number): number {
    return ((this.id << 2) | streamChannel) >>> 0;
  }
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

import { randomBytes } from "node:crypto";
import { createConnection, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { DvmError, systemErrorCode } from "../base/errors.ts";
import type { AgentHello } from "./agent-types.ts";
import { encodeFrame, framePieces, FrameReader, syncFrame, type Frame } from "./frames.ts";
import { decodeHello } from "./messages.ts";
import {
  frameHeaderBytes,
  frameTrailerBytes,
  frameType,
  maximumPayloadBytes,
  nonceBytes,
  protocolVersion,
} from "./protocol.ts";
import { MessageWriter } from "./wire.ts";

const connectPollMs = 5;
/** A payload that is so long is not copied. */
const longBytes = 4096;
/** A guest that stands inside a half-sent frame of an earlier host is flushed out of it. */
const greetAgainMs = 3_000;
const filler = Buffer.alloc(maximumPayloadBytes + frameHeaderBytes + frameTrailerBytes, 0xff);

/** Frames both ways, after host and agent have greeted each other. */
export class Channel {
  readonly hello: AgentHello;
  /** When the greeting went out and the hello came in, by `performance.now()`. */
  readonly greeted: { from: number; to: number };
  onFrame: (frame: Frame) => void = () => {};
  onClose: (error: Error | undefined) => void = () => {};
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #early: Frame[];

  constructor(
    socket: Socket,
    reader: FrameReader,
    greeting: { hello: AgentHello; greeted: { from: number; to: number }; early: Frame[] },
  ) {
    this.hello = greeting.hello;
    this.greeted = greeting.greeted;
    this.#socket = socket;
    this.#reader = reader;
    this.#early = greeting.early;
  }

  /** Frames are handed over from here on. */
  start(): void {
    const socket = this.#socket;
    socket.on("data", (chunk: Buffer) => this.#take(this.#reader.read(chunk)));
    socket.on("error", (error) => this.onClose(error));
    socket.on("close", () => this.onClose(undefined));
    this.#take(this.#early);
    if (socket.destroyed) this.onClose(undefined);
    else socket.resume();
  }

  /** What is sent at once arrives at once: a guest that is woken for it is woken one time. */
  send(type: number, id: number, ...payload: Uint8Array[]): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    const isLong = payload.some(({ length }) => length >= longBytes);
    if (isLong) for (const piece of framePieces(type, id, payload)) socket.write(piece);
    else socket.write(encodeFrame(type, id, ...payload));
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(frames: Iterable<Frame>): void {
    try {
      for (const frame of frames) this.onFrame(frame);
    } catch (error) {
      this.onClose(error instanceof Error ? error : undefined);
    }
  }
}

/** Connects to the VMM's socket and exchanges greetings with the agent behind it. */
export async function openChannel(
  socketPath: string,
  options: { signal?: AbortSignal; deadlineMs: number },
): Promise<Channel> {
  const deadline = AbortSignal.timeout(options.deadlineMs);
  const signal =
    options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]);
  let socket: Socket | undefined;
  try {
    socket = await connect(socketPath, signal);
    return await greet(socket, signal);
  } catch (error) {
    socket?.destroy();
    if (error instanceof DvmError) throw error;
    if (deadline.aborted) {
      throw new DvmError(
        "deadline",
        `its agent said nothing within ${options.deadlineMs / 1000} s`,
      );
    }
    throw new DvmError("unavailable", "cannot talk to the machine's agent", { cause: error });
  }
}

/** The VMM makes its socket a moment after it was started. */
async function connect(path: string, signal: AbortSignal): Promise<Socket> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await connectOnce(path);
    } catch (error) {
      const code = systemErrorCode(error);
      if (code !== "ENOENT" && code !== "ECONNREFUSED") throw error;
    }
    await delay(connectPollMs, undefined, { signal });
  }
}

function connectOnce(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
    socket.once("error", reject);
  });
}

async function greet(socket: Socket, signal: AbortSignal): Promise<Channel> {
  const nonce = randomBytes(nonceBytes);
  const reader = new FrameReader(nonce);
  const greeting = Buffer.concat([
    syncFrame(nonce),
    encodeFrame(frameType.hello, 0, new MessageWriter().u32(protocolVersion).finish()),
  ]);
  const from = performance.now();
  socket.write(greeting);
  const again = setInterval(() => socket.write(Buffer.concat([filler, greeting])), greetAgainMs);
  try {
    const frames = await firstFrames(socket, reader, signal);
    const greeted = { from, to: performance.now() };
    const [first, ...early] = frames;
    const hello = decodeHello(first?.payload ?? Buffer.alloc(0));
    if (hello.protocol !== protocolVersion) {
      throw new DvmError(
        "unsupported",
        `cannot use the machine: its agent speaks protocol ${hello.protocol}, DVM ${protocolVersion}`,
        { hint: "end the container and start it again: it was started by another version of DVM" },
      );
    }
    return new Channel(socket, reader, { hello, greeted, early });
  } finally {
    clearInterval(again);
  }
}

/** HELLO and what came with it. */
function firstFrames(socket: Socket, reader: FrameReader, signal: AbortSignal): Promise<Frame[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Frame[]>();
  const onData = (chunk: Buffer) => {
    try {
      const frames = [...reader.read(chunk)];
      const start = frames.findIndex(({ type }) => type === frameType.hello);
      if (start === -1) return;
      socket.pause();
      resolve(
        frames.slice(start).map((frame) => ({ ...frame, payload: Buffer.from(frame.payload) })),
      );
    } catch (error) {
      reject(error);
    }
  };
  const onClose = () => reject(new Error("the machine closed its channel"));
  const onAbort = () => reject(signal.reason);
  socket.on("data", onData);
  socket.on("error", reject);
  socket.on("close", onClose);
  signal.addEventListener("abort", onAbort);
  return promise.finally(() => {
    socket.off("data", onData);
    socket.off("error", reject);
    socket.off("close", onClose);
    signal.removeEventListener("abort", onAbort);
  });
}

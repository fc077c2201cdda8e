import type { Duplex } from "node:stream";
import { systemErrorCode } from "../../base/errors.ts";
import { copyRaw, demultiplex } from "../../client/demultiplex.ts";
import type { HijackedStream } from "../../client/transport.ts";
import type { CliContext } from "../command.ts";
import type { Attached } from "../options/create-body.ts";
import { detachFilter } from "../../base/detach-keys.ts";

export interface AttachOptions {
  /** Whether the process has a terminal: then its output is one raw stream. */
  tty: boolean;
  attached: Attached;
  detachKeys: readonly number[];
}

export interface AttachedStreams extends Disposable {
  /** How it came to an end: the process's output did, or somebody typed the keys to detach. */
  finished: Promise<"ended" | "detached">;
  /** From here on standard input is read; with a terminal, key by key. */
  startInput(): void;
}

type Streams = Pick<CliContext, "stdin" | "stdout" | "stderr">;

/** Joins the caller's streams with a process's. Disposal gives the terminal back as it was. */
export function attachStreams(
  { socket }: HijackedStream,
  streams: Streams,
  options: AttachOptions,
): AttachedStreams {
  const input = inputTo(socket, streams, options);
  const ended = copyOutput(socket, streams, options).then(() => "ended" as const);
  const finished = Promise.race([ended, input.detached]);
  finished.catch(() => {}); // whoever awaits it sees the error
  socket.on("error", () => {}); // reading it tells
  return {
    finished,
    startInput: () => {
      if (options.attached.stdin) input.start();
    },
    [Symbol.dispose]() {
      input.stop();
      socket.destroy();
    },
  };
}

async function copyOutput(socket: Duplex, streams: Streams, options: AttachOptions): Promise<void> {
  const { attached, tty } = options;
  const stdout = attached.stdout ? streams.stdout : undefined;
  const stderr = attached.stderr ? streams.stderr : undefined;
  try {
    await (tty ? copyRaw(socket, stdout ?? stderr) : demultiplex(socket, { stdout, stderr }));
  } catch (error) {
    // the other side hung up with input still unread, after all output
    if (systemErrorCode(error) !== "ECONNRESET") throw error;
  }
}

interface Input {
  detached: Promise<"detached">;
  start(): void;
  stop(): void;
}

function inputTo(socket: Duplex, { stdin }: Streams, { tty, detachKeys }: AttachOptions): Input {
  if (tty && stdin.isTTY) return typedInput(socket, stdin, detachKeys);
  return {
    detached: new Promise(() => {}),
    start: () => void stdin.pipe(socket),
    stop: () => void stdin.unpipe(socket).pause(),
  };
}

/** Key by key, until the keys to detach are among them. */
function typedInput(socket: Duplex, stdin: NodeJS.ReadStream, keys: readonly number[]): Input {
  const detached = Promise.withResolvers<"detached">();
  const filter = detachFilter(keys);
  const onData = (chunk: Buffer): void => {
    const typed = filter(chunk);
    if (socket.writable) socket.write(typed.bytes);
    if (typed.detached) detached.resolve("detached");
  };
  return {
    detached: detached.promise,
    start() {
      stdin.setRawMode(true);
      stdin.on("data", onData);
    },
    stop() {
      stdin.setRawMode(false);
      stdin.off("data", onData).pause();
    },
  };
}

import { PassThrough, type Writable } from "node:stream";
import { LogFeed } from "./logs/log-feed.ts";
import type { OutputStream } from "./logs/log-line.ts";

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
  /** Tells who follows its log. */
  readonly feed = new LogFeed();
  readonly #attached = new Set<Attachment>();
  #input = new PassThrough();

  add(attachment: Attachment): () => void {
    this.#attached.add(attachment);
    return () => this.#attached.delete(attachment);
  }

  /** What goes into it is the container's input; it changes from run to run. */
  get input(): Writable {
    return this.#input;
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

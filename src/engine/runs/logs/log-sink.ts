import type { OutputStream } from "./log-line.ts";

/** Where lines of a log go beside its files. It never holds the container up. */
export interface LogSink extends Disposable {
  write(stream: OutputStream, line: Buffer): void;
}

import { DvmError } from "../../base/errors.ts";

export interface TerminalSize {
  rows: number;
  columns: number;
}

/** Undefined when the stream is no terminal. */
export function terminalSize(stream: NodeJS.WriteStream): TerminalSize | undefined {
  return stream.isTTY ? { rows: stream.rows, columns: stream.columns } : undefined;
}

/** Tells the size now and at every change. */
export function followTerminalSize(
  stream: NodeJS.WriteStream,
  resize: (size: TerminalSize) => Promise<void>,
): Disposable {
  const listener = (): void => {
    const size = terminalSize(stream);
    if (size === undefined) return;
    resize(size).catch((error: unknown) => {
      if (!(error instanceof DvmError)) throw error; // a refusal means that the process has ended
    });
  };
  listener();
  stream.on("resize", listener);
  return { [Symbol.dispose]: () => void stream.off("resize", listener) };
}

/** Why a terminal of the process can't be fed from this standard input; undefined when it can. */
export function terminalProblem(
  stdin: NodeJS.ReadStream,
  wants: { stdin: boolean; tty: boolean },
): string | undefined {
  return wants.stdin && wants.tty && !stdin.isTTY ? "the input device is not a TTY" : undefined;
}

import { DvmError } from "../../base/errors.ts";

const forwarded = [
  ...(["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const),
  ...(["SIGALRM", "SIGCONT"] as const),
];

export interface ForwardedSignals extends Disposable {
  /** The process runs: signals that came before it did are sent now. */
  begin(): void;
}

/** Passes the signals that this process gets on to a container's. */
export function forwardSignals(send: (signal: string) => Promise<void>): ForwardedSignals {
  let early: string[] | undefined = [];
  const pass = (signal: string): void =>
    void send(signal).catch((error: unknown) => {
      if (!(error instanceof DvmError)) throw error; // a refusal means that the process has ended
    });
  const listener = (signal: string): void => {
    if (early === undefined) pass(signal);
    else early.push(signal);
  };
  for (const signal of forwarded) process.on(signal, listener);
  return {
    begin() {
      for (const signal of early ?? []) pass(signal);
      early = undefined;
    },
    [Symbol.dispose]() {
      for (const signal of forwarded) process.off(signal, listener);
    },
  };
}

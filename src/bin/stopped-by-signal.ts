import { DvmError } from "../base/errors.ts";

/** Aborts when this process is asked to end; `purpose` completes the sentence "cannot …". */
export function stoppedBySignal(purpose: string): AbortSignal {
  const stop = new AbortController();
  const stopped = new DvmError("unavailable", `cannot ${purpose}: it was stopped`);
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => stop.abort(stopped));
  return stop.signal;
}

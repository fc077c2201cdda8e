import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";

/** For a compilation that is under way to get the garbage collection that it may wait for. */
const settleMs = 1;

/**
 * Ends this process. Node's own end waits for V8's other threads, and one of them that compiles may
 * wait for this one to collect garbage: then both wait for ever (nodejs/node issue 54918; after large
 * streams that was one end in ten). So no compilation is begun any more, and those that were begun
 * come to their end first.
 */
export async function exitProcess(exitCode: number): Promise<never> {
  for (const flag of ["--no-concurrent-sparkplug", "--no-maglev", "--no-turbofan"])
    setFlagsFromString(flag);
  await delay(settleMs);
  process.exit(exitCode);
}

import { createConnection, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { isAlive, type ProcessIdentity } from "./processes.ts";

/** Without a lifeline, and with one that is there in case it should fail. */
const pollMs = 1_000;
const slowPollMs = 10_000;
/** A process lets go of its sockets a moment before it has gone, and SIGKILL takes a moment. */
const hurryMs = 10;
const hurries = 100;

interface EndSigns {
  /** Path of a Unix socket that the process listens on and lets go of at its end only. */
  lifeline?: string | undefined;
  /** Aborts when the end is near, for somebody has brought it about. */
  near: AbortSignal;
}

/**
 * Returns when a process has gone that is no child of ours: at once where there are signs of it, else
 * within a second. Never rejects.
 */
export async function processEnd(
  identity: ProcessIdentity,
  { lifeline, near }: EndSigns,
): Promise<void> {
  const socket = lifeline === undefined ? undefined : await connect(lifeline);
  const cut = new AbortController();
  socket?.once("close", () => cut.abort());
  const sign = AbortSignal.any([near, cut.signal]);
  let hurriesLeft = hurries;
  while (await isAlive(identity)) {
    if (!sign.aborted) await sleep(socket === undefined ? pollMs : slowPollMs, sign);
    else if (hurriesLeft-- > 0) await delay(hurryMs);
    else await delay(pollMs);
  }
  socket?.destroy();
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {}); // waking early is what the signal is for
}

/** Undefined where nobody listens. Nothing that comes is read. */
function connect(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once("connect", () => resolve(socket));
    socket.on("error", () => resolve(undefined)); // of a connection it is told by its close, too
  });
}

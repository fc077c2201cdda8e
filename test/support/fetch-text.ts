import { setTimeout as delay } from "node:timers/promises";

export async function fetchText(url: string): Promise<string> {
  return (await fetch(url, { signal: AbortSignal.timeout(1000) })).text();
}

/** Tries again while the other side is not up yet, for some five seconds. */
export async function eventually<T>(action: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      if (attempt > 50) throw error;
      await delay(100);
    }
  }
}

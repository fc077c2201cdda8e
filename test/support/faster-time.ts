import { syncBuiltinESMExports } from "node:module";
import type { TimerOptions } from "node:timers";
import timers from "node:timers/promises";
import { mock } from "node:test";

export interface FasterTime extends Disposable {
  /** How long it took since `begin`, by `performance.now()`, at the speed that users know. */
  tookMs(begin: number): number;
}

/**
 * Lets every timer of this process end so many times as fast until it is disposed, so that deadlines
 * of a minute are tested in seconds: the engine's waits, its deadlines, and the guests' programs
 * alike.
 */
export function fasterTime(timesFaster: number): FasterTime {
  const wait = timers.setTimeout;
  const later = globalThis.setTimeout;
  const again = globalThis.setInterval;
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  const short = (ms = 0) => ms / timesFaster;
  const mocks = [
    mock.method(timers, "setTimeout", (ms?: number, value?: unknown, options?: TimerOptions) =>
      wait(short(ms), value, options),
    ),
    mock.method(globalThis, "setTimeout", (action: () => void, ms?: number) =>
      later(action, short(ms)),
    ),
    mock.method(globalThis, "setInterval", (action: () => void, ms?: number) =>
      again(action, short(ms)),
    ),
    mock.method(AbortSignal, "timeout", (ms: number) => timeout(Math.ceil(short(ms)))),
  ];
  syncBuiltinESMExports();
  return {
    tookMs: (begin) => Math.round((performance.now() - begin) * timesFaster),
    [Symbol.dispose]() {
      for (const { mock } of mocks) mock.restore();
      syncBuiltinESMExports();
    },
  };
}

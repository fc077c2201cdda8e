/** What Date.now() counts in. */
const wallClockStepMs = 1;
const tries = 5;

/** The wall clock showed `wallMs`, `doubtMs` more or less, when `performance.now()` gave `atMs`. */
export interface BothClocks {
  wallMs: number;
  atMs: number;
  doubtMs: number;
}

/** Both clocks at one instant: of a few readings one that wasn't interrupted, if there is one. */
export function bothClocks(): BothClocks {
  let best = readBoth();
  for (let again = 1; again < tries && best.doubtMs > wallClockStepMs; again += 1) {
    const other = readBoth();
    if (other.doubtMs < best.doubtMs) best = other;
  }
  return best;
}

function readBoth(): BothClocks {
  const before = performance.now();
  const wallMs = Date.now() + wallClockStepMs / 2;
  const after = performance.now();
  const doubtMs = (after - before + wallClockStepMs) / 2;
  return { wallMs, atMs: (before + after) / 2, doubtMs };
}

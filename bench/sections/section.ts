import type { Outcome } from "../measure/in-turns.ts";
import type { SectionName } from "../options.ts";
import type { Contenders } from "../peers/contenders.ts";
import type { Absent, Found } from "../peers/peer.ts";
import type { Row, Unit } from "../report/figure.ts";

/** What sections are given. */
export interface Bench {
  contenders: Contenders;
  /** Few repetitions. */
  quick: boolean;
  /** Aborted when the user breaks off. */
  signal: AbortSignal;
  say: (text: string) => void;
}

export type Section = (bench: Bench) => Promise<Row[]>;

/** What becomes of a peer; one that is absent stays so, under the name that its row has. */
export function ofPeer<T, U>(found: Found<T>, then: (peer: T) => U, of?: string): U | Absent {
  return "peer" in found ? then(found.peer) : { ...found, of: of ?? found.of };
}

/** The rows of what was done in turns. */
export function rows(
  section: SectionName,
  { what, unit = "ms" }: { what: string; unit?: Unit },
  outcomes: readonly Outcome[],
): Row[] {
  return outcomes.map((outcome) => {
    const key = { section, what, of: outcome.of };
    return "reason" in outcome
      ? { ...key, reason: outcome.reason }
      : { ...key, unit, values: outcome.values };
  });
}

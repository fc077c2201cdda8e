import Table from "cli-table3";

/** Milliseconds of each repetition. */
export interface Result {
  what: string;
  ours: number[];
  peer?: number[] | undefined;
}

/** Times `action`, after one repetition that doesn't count. */
export async function measure(times: number, action: () => Promise<unknown>): Promise<number[]> {
  await action();
  const all: number[] = [];
  for (let index = 0; index < times; index += 1) {
    all.push(await timed(action));
  }
  return all;
}

/** As {@link measure} for two actions, one after the other each time. */
export async function measureInTurns(
  times: number,
  [first, second]: [() => Promise<unknown>, () => Promise<unknown>],
): Promise<[number[], number[]]> {
  const all: [number[], number[]] = [[], []];
  await measure(0, first);
  await measure(0, second);
  for (let index = 0; index < times; index += 1) {
    all[0].push(await timed(first));
    all[1].push(await timed(second));
  }
  return all;
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

export function report(results: Result[]): void {
  const head = ["", "DVM median", "min–max", "dockerd median", "ratio"];
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  for (const { what, ours, peer } of results) {
    const theirs = peer === undefined ? undefined : median(peer);
    table.push([
      what,
      milliseconds(median(ours)),
      `${milliseconds(Math.min(...ours))}–${milliseconds(Math.max(...ours))}`,
      theirs === undefined ? "" : milliseconds(theirs),
      theirs === undefined ? "" : (median(ours) / theirs).toFixed(2),
    ]);
  }
  console.log(table.toString());
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function milliseconds(value: number): string {
  return `${value.toFixed(0)} ms`;
}

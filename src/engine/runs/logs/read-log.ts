import type { LogFeed } from "./log-feed.ts";
import { decodeLine, type LogLine } from "./log-line.ts";
import { countOlder, LogSegment } from "./log-segment.ts";

export interface ReadOptions {
  feed: LogFeed;
  /** Only the last so many lines. */
  tail?: number | undefined;
  /** Goes on until this says that no more will come. */
  follow?: { ended: Promise<unknown> } | undefined;
  since?: string | undefined;
  until?: string | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * The lines of a log, oldest first, some at a time; they are used up when the next ones are asked
 * for. A file that isn't there has none.
 */
export async function* readLog(path: string, options: ReadOptions): AsyncGenerator<LogLine[]> {
  const { since, until } = options;
  for await (const piece of storedLines(path, options)) {
    const lines: LogLine[] = [];
    let isOver = false;
    for (const stored of piece) {
      const line = decodeLine(stored);
      if (line === undefined) continue; // a line that a crash cut short
      if (since !== undefined && line.time < since) continue;
      isOver = until !== undefined && line.time > until;
      if (isOver) break;
      lines.push(line);
    }
    if (lines.length > 0) yield lines;
    if (isOver) return;
  }
}

/** Each file has its number, by the feed's count, which stays whatever its name becomes. */
async function* storedLines(path: string, options: ReadOptions): AsyncGenerator<Buffer[]> {
  const { feed, follow, tail } = options;
  const { signal = new AbortController().signal } = options;
  const end = { hasCome: follow === undefined };
  const come = () => {
    end.hasCome = true;
    feed.changed();
  };
  follow?.ended.then(come, () => {}); // it fails when nobody waits for it any more
  let { number, segment } = await firstSegment(path, feed, tail);
  for (;;) {
    await using open = segment;
    if (open !== undefined) yield* linesOf(open, { feed, number, end, signal });
    else if (number === feed.generation) await untilBegun({ feed, end, signal });
    const isCurrent = number === feed.generation;
    if (signal.aborted || (isCurrent && end.hasCome)) return;
    if (!isCurrent) number += 1;
    segment = await LogSegment.open(path, feed.generation - number);
  }
}

interface Reading {
  feed: LogFeed;
  end: { hasCome: boolean };
  signal: AbortSignal;
}

/** All of one file: the current one until it is no more, or nothing comes any more. */
async function* linesOf(
  segment: LogSegment,
  { feed, number, end, signal }: Reading & { number: number },
): AsyncGenerator<Buffer[]> {
  for (;;) {
    const { version } = feed;
    const isLast = end.hasCome || number !== feed.generation;
    for (;;) {
      const lines = await segment.next();
      if (lines.length === 0 || signal.aborted) break;
      yield lines;
    }
    if (isLast || signal.aborted) return;
    await feed.changedSince(version, signal);
  }
}

/** Nothing has been written yet. */
async function untilBegun({ feed, end, signal }: Reading): Promise<void> {
  if (!end.hasCome) await feed.changedSince(feed.version, signal);
}

/** Where what is wanted begins: for a tail it is looked for from the end. */
async function firstSegment(path: string, feed: LogFeed, tail: number | undefined) {
  if (tail === undefined) {
    const number = feed.generation - countOlder(path);
    return { number, segment: await LogSegment.open(path, feed.generation - number) };
  }
  let left = tail;
  for (let number = feed.generation; ; number -= 1) {
    const segment = await LogSegment.open(path, feed.generation - number);
    left -= (await segment?.seekTail(left)) ?? 0;
    const isOldest = feed.generation - number >= countOlder(path);
    if (left <= 0 || isOldest) return { number, segment };
    await segment?.[Symbol.asyncDispose]();
  }
}

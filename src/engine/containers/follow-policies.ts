import { describeError, DvmError } from "../../base/errors.ts";
import { limiter } from "../../base/limiter.ts";
import type { Engine } from "../core.ts";
import { type ContainerRecord, isUp, startsWithDaemon } from "../records.ts";
import { isInCompany } from "./find-company.ts";
import { afterEnd } from "./after-end.ts";
import { startAgain, startContainer } from "./start-container.ts";

/**
 * From now on restart policies start what has ended. Those of an earlier daemon go on at once: what
 * was to be started is, and what would have been removed at its end goes.
 */
export function followPolicies(engine: Engine): void {
  const { containers, restarts } = engine;
  restarts.whenDue((id) =>
    said(engine, id, () => containers.change(id, (held) => startAgain(engine, held))),
  );
  const ended = containers.list().filter((record) => !isUp(record));
  const wanted = ended.filter(isToStart);
  for (const record of ended) {
    if (wanted.includes(record)) continue;
    if (record.state.kind === "restarting" || record.run.removeWhenEnded)
      restarts.follow(said(engine, record.id, () => afterEnd(engine, record)));
  }
  restarts.follow(startAll(engine, wanted));
}

function isToStart(record: ContainerRecord): boolean {
  const { state } = record;
  return state.kind === "exited" && startsWithDaemon(record, state.exitCode);
}

/** As many at once as the host has processors; who joins another's machine comes after that one. */
async function startAll(engine: Engine, records: readonly ContainerRecord[]): Promise<void> {
  const limited = limiter(Math.max(1, engine.parts.hostCpus));
  const start = ({ id }: ContainerRecord) =>
    limited(async () => {
      if (!engine.restarts.isOver) await said(engine, id, () => startContainer(engine, id));
    });
  await Promise.all(records.filter((record) => !isInCompany(record)).map(start));
  await Promise.all(records.filter(isInCompany).map(start));
}

/** Somebody was quicker, with a start or a removal. */
const settled: readonly string[] = ["not-modified", "not-found"];

/** Nobody waits for it: the log tells of what fails. */
async function said(engine: Engine, id: string, action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (error instanceof DvmError && settled.includes(error.code)) return;
    engine.parts.log(`cannot follow the restart policy of ${id}: ${describeError(error)}`);
  }
}

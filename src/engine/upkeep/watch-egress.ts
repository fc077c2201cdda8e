import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describeError } from "../../base/errors.ts";
import { chainOf } from "../../network/egress/egress-statements.ts";
import { type Refusal, refusalsIn } from "../../network/egress/refusals.ts";
import { egressOf, type Engine } from "../core.ts";
import type { ContainerRecord } from "../records.ts";

const lookMs = 2000;

/** Tells, by events and in the log, what containers were refused by their egress rules. */
export function watchEgress(engine: Engine): Disposable {
  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void look(engine)
      .catch((error: unknown) =>
        engine.parts.log(`cannot tell what egress rules refuse: ${describeError(error)}`),
      )
      .finally(() => (isLooking = false));
  }, lookMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

async function look(engine: Engine): Promise<void> {
  const held = engine.containers.list().filter((record) => isHeld(engine, record));
  if (held.length === 0) return;
  const { runRoot } = engine.parts.places;
  const file = join(runRoot, "egress.json");
  await engine.parts.switch.list(file);
  const json = await readFile(file, "utf8");
  await rm(file, { force: true });
  for (const record of held) {
    const { list, packets } = refusalsIn(json, chainOf(record.id));
    const names = await engine.parts.names.refused(record.id);
    tell(engine, record, { list: [...list, ...names], packets });
  }
}

function isHeld(engine: Engine, { id, state }: ContainerRecord): boolean {
  return (
    "run" in state &&
    state.endpoints.some(({ tap }) => tap !== "") &&
    egressOf(engine, id, state.endpoints) !== undefined
  );
}

function tell(
  engine: Engine,
  record: ContainerRecord,
  found: { list: Refusal[]; packets: number },
): void {
  const before = engine.refusals.get(record.id)?.list ?? [];
  engine.refusals.set(record.id, found);
  for (const { destination, count } of found.list) {
    const known = before.find((one) => one.destination === destination)?.count ?? 0;
    if (count <= known) continue;
    engine.announce("egress_refused", record, { destination, count: String(count - known) });
    engine.parts.log(`container ${record.name} was refused ${destination}`, "warn");
  }
}

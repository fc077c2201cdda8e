import { DvmError } from "../../base/errors.ts";
import type { Engine } from "../core.ts";
import type { ContainerRecord, RunEndpoint } from "../records.ts";
import type { RunningMachine } from "../runs.ts";

interface Asking {
  record: ContainerRecord;
  machine: RunningMachine;
  endpoints: readonly RunEndpoint[];
}

/** The same places in networks, by cards of a machine that runs which no container in it has. */
export function onSpareCards(
  engine: Engine,
  { record, machine, endpoints }: Asking,
): RunEndpoint[] {
  const free = spareCards(engine, machine);
  return endpoints.map((endpoint) => {
    if (endpoint.card === undefined) return endpoint;
    const card = free.shift();
    if (card !== undefined) return { ...endpoint, card };
    throw new DvmError(
      "unavailable",
      `cannot put container ${record.name} into network ${endpoint.network}: the machine that it goes into has no network card to spare`,
      { hint: "share the other's network too, by --network container:NAME, or use --network none" },
    );
  });
}

/** Cards of the switch's that nobody in the machine has. */
export function spareCards(engine: Engine, machine: RunningMachine): number[] {
  const used = new Set(
    engine.containers.list().flatMap(({ state }) => {
      const isIn = "run" in state && state.run.machine === machine;
      return isIn ? state.endpoints.map(({ card }) => card) : [];
    }),
  );
  return Array.from({ length: machine.cards }, (_, card) => card).filter((card) => !used.has(card));
}

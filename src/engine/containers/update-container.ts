import { describeError, DvmError } from "../../base/errors.ts";
import type { Engine } from "../core.ts";
import {
  type AskedUpdate,
  checkUpdate,
  containerLimits,
  machineLimits,
  mergeUpdate,
} from "../plan.ts";
import { type ContainerRecord, isUp, specifyLimits } from "../records.ts";
import type { Run } from "../runs.ts";
import { runOf } from "./run-of.ts";

/**
 * Gives a container other limits and another restart policy; one that runs has them at once. Gives
 * warnings of what isn't as it was asked for.
 */
export async function updateContainer(
  engine: Engine,
  container: string,
  wanted: AskedUpdate,
): Promise<string[]> {
  const { asked, warnings } = checkUpdate(wanted, engine.parts.hostCpus);
  const { id } = engine.containers.find(container);
  await engine.containers.change(id, async (held) => {
    const { record } = held;
    const hostConfig = await saidOf(id, async () => mergeUpdate(record.request.hostConfig, asked));
    const limits = specifyLimits(hostConfig);
    const changed = {
      request: { ...record.request, hostConfig },
      run: { ...record.run, limits },
    };
    if (isUp(record)) warnings.push(...(await saidOf(id, () => apply(engine, record, limits))));
    engine.announce("update", held.note(changed));
  });
  return warnings;
}

/** The limits of a run that has begun: its machine stays the size that it is. */
async function apply(
  engine: Engine,
  record: ContainerRecord,
  limits: ContainerRecord["run"]["limits"],
): Promise<string[]> {
  const run = runOf(record);
  const ask = async ({ machine: { agent } }: Run) => {
    const { onlineCpus } = await agent.statistics(record.id);
    const { managedBytes } = await agent.bootReport();
    const machine = { cpus: onlineCpus, memoryBytes: managedBytes };
    const { told, warnings } = machineLimits(containerLimits(limits), machine);
    await agent.update(record.id, told);
    return warnings;
  };
  return record.state.kind === "paused" ? run.whileAwake(() => ask(run)) : ask(run);
}

async function saidOf<T>(id: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const code = cause instanceof DvmError ? cause.code : "unavailable";
    throw new DvmError(code, `Cannot update container ${id}: ${describeError(cause)}`);
  }
}

import { DvmError } from "../../base/errors.ts";
import { requirePause } from "../../machine/support.ts";
import type { Engine } from "../core.ts";
import { healthUnchecked } from "../records.ts";
import { isRestarting, runOf, unreachable } from "./run-of.ts";

export async function pauseContainer(engine: Engine, container: string): Promise<void> {
  requirePause(engine.parts.hypervisor);
  const { id } = engine.containers.find(container);
  await engine.containers.change(id, async (held) => {
    const { state } = held.record;
    if (state.kind === "paused")
      throw new DvmError("conflict", `Container ${id} is already paused`);
    if (state.kind === "detached") throw unreachable(id);
    if (state.kind === "restarting") throw isRestarting(id);
    if (state.kind !== "running") throw new DvmError("conflict", `container ${id} is not running`);
    await engine.space.check(state.run.machine);
    await state.run.pause();
    engine.announce("pause", held.apply({ kind: "paused" }, healthUnchecked(held.record.health)));
  });
}

export async function unpauseContainer(engine: Engine, container: string): Promise<void> {
  const { id } = engine.containers.find(container);
  await engine.containers.change(id, async (held) => {
    const { kind } = held.record.state;
    if (kind === "detached") throw unreachable(id);
    if (kind !== "paused")
      // dockerd answers 500 here
      throw new DvmError("unavailable", `Container ${id} is not paused`);
    await runOf(held.record).resume();
    engine.announce("unpause", held.apply({ kind: "resumed" }));
  });
}

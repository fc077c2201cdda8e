import { DvmError } from "../../base/errors.ts";
import type { ContainerRecord } from "../records.ts";
import type { Run } from "../runs.ts";

/** The run of a container that is known to run. */
export function runOf({ id, state }: Pick<ContainerRecord, "id" | "state">): Run {
  if ("run" in state) return state.run;
  if (state.kind === "detached") throw unreachable(id);
  if (state.kind === "restarting") throw isRestarting(id);
  throw new DvmError("conflict", `container ${id} is not running`);
}

export function isRestarting(id: string): DvmError {
  return new DvmError(
    "conflict",
    `Container ${id} is restarting, wait until the container is running`,
  );
}

/** An earlier daemon started it, and its machine can't be taken up before there is room. */
export function unreachable(id: string): DvmError {
  return new DvmError(
    "no-space",
    `cannot reach container ${id}: its machine stands still, no space left on device`,
    { hint: "it goes on by itself when there is room; stop, kill and rm -f end it at once" },
  );
}

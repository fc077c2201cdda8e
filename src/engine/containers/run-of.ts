import { DvmError } from "../../base/errors.ts";
import type { ContainerRecord } from "../records.ts";
import type { Run } from "../runs.ts";

/** The run of a container that is known to run. */
export function runOf({ id, state }: Pick<ContainerRecord, "id" | "state">): Run {
  if ("run" in state) return state.run;
  if (state.kind === "detached")
    throw new DvmError(
      "no-space",
      `cannot reach container ${id}: its machine stands still, for no space is left on device`,
    );
  throw new DvmError("conflict", `container ${id} is not running`);
}

import type { ProcessSpec } from "../../agent/agent-client.ts";
import type { RunSpecification } from "../records.ts";
import { mainProcessSpec } from "./process-spec.ts";

/**
 * What a machine goes through before it has a container, so that its start is quicker. Other
 * containers get that machine or its clones: nothing of this one is in it but the names of its
 * program, folder and user.
 */
export function rehearsedProcess(run: RunSpecification): ProcessSpec {
  const spec = mainProcessSpec(run);
  return {
    ...spec,
    args: spec.args.slice(0, 1),
    env: spec.env.filter((entry) => entry.startsWith("PATH=")),
    stdin: false,
    tty: false,
    rlimits: [],
    init: false,
  };
}

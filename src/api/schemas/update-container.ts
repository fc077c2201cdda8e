import { resourcesSchema, restartPolicySchema } from "../../engine/records.ts";
import type { AskedUpdate } from "../../engine/plan.ts";
import { parseBody } from "../body.ts";

const updateSchema = resourcesSchema.extend({ RestartPolicy: restartPolicySchema.nullish() });

/** Reads the body of `POST /containers/{id}/update`. */
export function parseUpdateBody(body: unknown): AskedUpdate {
  const { RestartPolicy, ...resources } = parseBody(updateSchema, body, "container.UpdateConfig");
  const isGiven =
    RestartPolicy !== undefined && RestartPolicy !== null && RestartPolicy.Name !== "";
  return { resources, restartPolicy: isGiven ? RestartPolicy : undefined };
}

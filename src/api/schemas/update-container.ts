import { z } from "zod";
import { hostConfigSchema, resourcesSchema } from "../../engine/records.ts";
import type { AskedUpdate } from "../../engine/plan.ts";
import { parse } from "../query.ts";

const updateSchema = resourcesSchema.extend({
  RestartPolicy: z.object({ Name: z.string().nullish() }).loose().nullish(),
});

/** Reads the body of `POST /containers/{id}/update`. */
export function parseUpdateBody(body: unknown): AskedUpdate {
  const given = body ?? {};
  const { RestartPolicy, ...resources } = parse(updateSchema, given, "update config");
  const isGiven = (RestartPolicy?.Name ?? "") !== "";
  return {
    resources,
    restartPolicy: isGiven
      ? parse(hostConfigSchema.pick({ RestartPolicy: true }), given, "update config").RestartPolicy
      : undefined,
  };
}

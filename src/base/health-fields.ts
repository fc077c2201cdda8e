import { z } from "zod";
import { goNamed } from "./go-schema.ts";
import { whole } from "./json-fields.ts";

/** Docker leaves out what is none. */
const number = (goName: string) =>
  goNamed(goName, whole)
    .nullish()
    .transform((value) => value || undefined)
    .optional();
const duration = number("time.Duration");

/** Docker's `HealthConfig`, of an image or a container. Durations are in nanoseconds. */
export const healthFields = {
  Test: z
    .array(z.string())
    .nullish()
    .transform((value) => value ?? undefined)
    .optional(),
  Interval: duration,
  Timeout: duration,
  StartPeriod: duration,
  StartInterval: duration,
  Retries: number("int"),
};
export const healthSchema = z.object(healthFields);
export type Healthcheck = z.infer<typeof healthSchema>;

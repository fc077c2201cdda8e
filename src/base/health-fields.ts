import { z } from "zod";

/** Docker leaves out what is none. */
const number = z
  .int()
  .nullish()
  .transform((value) => value || undefined)
  .optional();

/** Docker's `HealthConfig`, of an image or a container. Durations are in nanoseconds. */
export const healthFields = {
  Test: z
    .array(z.string())
    .nullish()
    .transform((value) => value ?? undefined)
    .optional(),
  Interval: number,
  Timeout: number,
  StartPeriod: number,
  StartInterval: number,
  Retries: number,
};
export const healthSchema = z.object(healthFields);
export type Healthcheck = z.infer<typeof healthSchema>;

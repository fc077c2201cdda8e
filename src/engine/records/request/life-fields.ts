import { z } from "zod";
import { goNamed } from "../../../base/go-schema.ts";
import { consoleSize, flag, number, string, stringMap } from "../../../base/json-fields.ts";

/** As it is given: without a name nothing is said of it. */
export const restartPolicySchema = goNamed(
  "container.RestartPolicy",
  z.object({
    Name: goNamed("container.RestartPolicyMode", string),
    MaximumRetryCount: goNamed("int", number),
  }),
);
const restartPolicy = restartPolicySchema.nullish().transform((given) => ({
  Name: given?.Name || "no",
  MaximumRetryCount: given?.MaximumRetryCount ?? 0,
}));

const logConfig = z
  .object({ Type: string, Config: stringMap })
  .meta({ goName: "container.LogConfig" })
  .nullish()
  .transform((given) => ({ Type: given?.Type ?? "", Config: given?.Config ?? {} }));

/** From its start to its end: restarts, output, removal. */
export const lifeFields = {
  AutoRemove: flag,
  RestartPolicy: restartPolicy,
  LogConfig: logConfig,
  /** The client's own business; it is kept and shown. */
  ContainerIDFile: string,
  ConsoleSize: consoleSize,
};

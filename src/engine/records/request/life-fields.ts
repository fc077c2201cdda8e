import { z } from "zod";
import { consoleSize, flag, number, string, stringMap } from "../../../base/json-fields.ts";

const restartPolicy = z
  .object({ Name: string, MaximumRetryCount: number })
  .nullish()
  .transform((given) => ({
    Name: given?.Name || "no",
    MaximumRetryCount: given?.MaximumRetryCount ?? 0,
  }));

const logConfig = z
  .object({ Type: string, Config: stringMap })
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

import { z } from "zod";
import { healthSchema } from "../../../base/health-fields.ts";
import { emptyMap, flag, list, optional, string, stringMap } from "../../../base/json-fields.ts";

/** Docker takes a command as a list or as one word. */
const command = z
  .union([z.array(string), z.string().transform((word) => [word])])
  .nullish()
  .transform((value) => value ?? null);

/** `ContainerConfig`: what goes with the container, and into an image that is made of it. */
export const configFields = {
  Hostname: string,
  Domainname: string,
  User: string,
  AttachStdin: flag,
  AttachStdout: flag,
  AttachStderr: flag,
  ExposedPorts: emptyMap,
  Tty: flag,
  OpenStdin: flag,
  StdinOnce: flag,
  Env: list(string),
  Cmd: command,
  Healthcheck: optional(healthSchema),
  ArgsEscaped: flag,
  Image: string,
  Volumes: emptyMap.nullable(),
  WorkingDir: string,
  Entrypoint: command,
  NetworkDisabled: flag,
  MacAddress: string,
  OnBuild: list(string),
  Labels: stringMap,
  StopSignal: z.string().optional(),
  StopTimeout: z
    .int()
    .nullish()
    .transform((value) => value ?? undefined)
    .optional(),
  Shell: command,
};

import { z } from "zod";
import { healthSchema } from "../../../base/health-fields.ts";
import { commandType, goNamed } from "../../../base/go-schema.ts";
import {
  emptyMap,
  flag,
  list,
  optional,
  string,
  stringMap,
  whole,
} from "../../../base/json-fields.ts";

/** Docker takes a command as a list or as one word. */
const command = z
  .union([z.array(string), z.string().transform((word) => [word])])
  .meta({ goName: commandType })
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
  ExposedPorts: goNamed("nat.PortSet", emptyMap),
  Tty: flag,
  OpenStdin: flag,
  StdinOnce: flag,
  Env: list(string),
  Cmd: command,
  Healthcheck: optional(goNamed("v1.HealthcheckConfig", healthSchema)),
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
  StopTimeout: goNamed("int", whole)
    .nullish()
    .transform((value) => value ?? undefined)
    .optional(),
  Shell: command,
};

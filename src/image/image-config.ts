import { z } from "zod";
import { DvmError } from "../base/errors.ts";
import { healthFields, type Healthcheck } from "../base/health-fields.ts";
import { anyCase, flag, string } from "../base/json-fields.ts";
import { parseJson } from "../base/parse-json.ts";
import { digestPattern } from "./digest.ts";

const keys = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) => Object.keys(value ?? {}));
/** A list, or one word; null for neither. */
const command = z.union([z.string().transform((word) => [word]), z.array(string)]).nullish();

/**
 * The image configuration, as the OCI image spec and Docker have it, as far as DVM looks at it; read
 * as Docker does: what is null counts as left out, and a part of a list that is null as empty.
 */
const configSchema = anyCase({
  created: z.string().nullish(),
  architecture: string,
  os: string.transform((os) => os || "linux"),
  config: anyCase({
    User: string,
    ExposedPorts: keys,
    Env: z.array(string).nullish(),
    Entrypoint: command,
    Cmd: command,
    Volumes: keys,
    WorkingDir: string,
    Labels: z.record(z.string(), string).nullish(),
    StopSignal: string,
    Healthcheck: anyCase(healthFields).nullish(),
    Shell: command,
  }).nullish(),
  rootfs: anyCase({
    diff_ids: z
      .array(z.string().regex(digestPattern))
      .nullish()
      .transform((value) => value ?? []),
  }),
  history: z
    .array(anyCase({ empty_layer: flag.catch(false) }).nullish())
    .nullish()
    .catch([]),
});

/** What a container takes from its image. */
export interface ImageConfig {
  user: string;
  exposedPorts: string[];
  env: string[];
  entrypoint?: string[];
  cmd?: string[];
  volumes: string[];
  workingDir: string;
  labels: Record<string, string>;
  stopSignal?: string;
  healthcheck?: Healthcheck;
  /** Of health checks that are a line for it. */
  shell?: string[];
}

export interface ParsedConfig {
  createdAt: string;
  architecture: string;
  os: string;
  config: ImageConfig;
  layers: string[];
  /** Of its steps, how many made a layer. */
  layerSteps: number;
  /** As it came. */
  raw: unknown;
}

const neverTime = "0001-01-01T00:00:00Z";

export function parseImageConfig(text: string): ParsedConfig {
  let raw: unknown;
  try {
    raw = parseJson(text);
    const parsed = configSchema.parse(raw);
    const { config } = parsed;
    return {
      createdAt: parsed.created ?? neverTime,
      architecture: parsed.architecture,
      os: parsed.os,
      layers: parsed.rootfs.diff_ids,
      layerSteps: (parsed.history ?? []).filter((step) => step?.empty_layer !== true).length,
      raw,
      config: {
        user: config?.User ?? "",
        exposedPorts: config?.ExposedPorts ?? [],
        env: config?.Env ?? [],
        ...(config?.Entrypoint ? { entrypoint: config.Entrypoint } : {}),
        ...(config?.Cmd ? { cmd: config.Cmd } : {}),
        volumes: config?.Volumes ?? [],
        workingDir: config?.WorkingDir ?? "",
        labels: config?.Labels ?? {},
        ...(config?.StopSignal ? { stopSignal: config.StopSignal } : {}),
        ...(config?.Healthcheck ? { healthcheck: config.Healthcheck } : {}),
        ...(config?.Shell ? { shell: config.Shell } : {}),
      },
    };
  } catch (cause) {
    throw new DvmError("damaged", "cannot read the image: its configuration is not valid", {
      cause: firstIssue(cause),
    });
  }
}

/** What is wrong, in one line. */
function firstIssue(cause: unknown): unknown {
  const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined;
  if (issue === undefined) return cause;
  return new Error(`${issue.path.join(".")}: ${issue.message}`);
}

/** RFC 3339, as Go's time.Time reads it. */
const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** Refuses a new image of which Docker says that it can't be; `at` says how it comes, such as load. */
export function checkNewImage({ os, createdAt, layerSteps, layers }: ParsedConfig): void {
  if (os !== "linux") throw refused(`it is for ${JSON.stringify(os)}, and machines run linux`);
  if (!timePattern.test(createdAt) || Number.isNaN(Date.parse(createdAt)))
    throw refused(`it was created at ${JSON.stringify(createdAt)}, which is no time (RFC 3339)`);
  if (layerSteps > layers.length)
    throw refused(`its history has ${layerSteps} steps with a layer, and it has ${layers.length}`);
}

function refused(fact: string): DvmError {
  return new DvmError("invalid", `cannot take the image: ${fact}`);
}

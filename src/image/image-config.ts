import { z } from "zod";
import { DvmError } from "../base/errors.ts";
import { parseJson } from "../base/parse-json.ts";
import { digestPattern } from "./digest.ts";

const strings = z.array(z.string()).nullish();
const keys = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) => Object.keys(value ?? {}));

/** The image configuration, as the OCI image spec and Docker have it, as far as DVM looks at it. */
const configSchema = z.object({
  created: z.string().nullish(),
  architecture: z.string(),
  os: z.string().default("linux"),
  author: z.string().nullish(),
  config: z
    .object({
      User: z.string().nullish(),
      ExposedPorts: keys,
      Env: strings,
      Entrypoint: strings,
      Cmd: strings,
      Volumes: keys,
      WorkingDir: z.string().nullish(),
      Labels: z.record(z.string(), z.string()).nullish(),
      StopSignal: z.string().nullish(),
    })
    .nullish(),
  rootfs: z.object({
    type: z.literal("layers"),
    diff_ids: z
      .array(z.string().regex(digestPattern))
      .nullish()
      .transform((value) => value ?? []),
  }),
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
}

export interface ParsedConfig {
  createdAt: string;
  architecture: string;
  os: string;
  config: ImageConfig;
  layers: string[];
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
      },
    };
  } catch (cause) {
    throw new DvmError("damaged", "cannot read the image: its configuration is not valid", {
      cause,
    });
  }
}

import { DvmError } from "../base/errors.ts";

/** `config` of an image configuration. */
export interface RuntimeConfig {
  User?: string;
  ExposedPorts?: Record<string, object>;
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  Volumes?: Record<string, object>;
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
}

type Instruction = (config: RuntimeConfig, value: string) => void;

const instructions: Record<string, Instruction> = {
  CMD: (config, value) => (config.Cmd = commandOf(value)),
  ENTRYPOINT: (config, value) => (config.Entrypoint = commandOf(value)),
  ENV: (config, value) => {
    for (const [name, text] of pairsOf(value)) {
      const others = (config.Env ?? []).filter((entry) => !entry.startsWith(`${name}=`));
      config.Env = [...others, `${name}=${text}`];
    }
  },
  EXPOSE: (config, value) => {
    for (const word of value.split(/\s+/)) {
      const port = word.includes("/") ? word : `${word}/tcp`;
      config.ExposedPorts = { ...config.ExposedPorts, [port]: {} };
    }
  },
  LABEL: (config, value) => {
    config.Labels = { ...config.Labels, ...Object.fromEntries(pairsOf(value)) };
  },
  USER: (config, value) => (config.User = value),
  VOLUME: (config, value) => {
    const paths = jsonStrings(value) ?? value.split(/\s+/);
    for (const path of paths) config.Volumes = { ...config.Volumes, [path]: {} };
  },
  WORKDIR: (config, value) => (config.WorkingDir = value),
  STOPSIGNAL: (config, value) => (config.StopSignal = value),
};

/** Applies Dockerfile instructions, as `docker import --change` takes them. */
export function applyChanges(changes: readonly string[]): RuntimeConfig {
  const config: RuntimeConfig = {};
  for (const change of changes.flatMap((text) => text.split("\n"))) {
    const [, name = "", value = ""] = /^\s*(\S+)\s*(.*?)\s*$/.exec(change) ?? [];
    if (name === "") continue;
    const instruction = instructions[name.toUpperCase()];
    if (instruction === undefined) {
      throw new DvmError("invalid", `${name} is not a valid change command`, {
        hint: `known are ${Object.keys(instructions).join(", ")}`,
      });
    }
    if (value === "") throw new DvmError("invalid", `${name.toUpperCase()} requires an argument`);
    instruction(config, value);
  }
  return config;
}

/** The JSON form as it is; the other form is a shell's line. */
function commandOf(value: string): string[] {
  return jsonStrings(value) ?? ["/bin/sh", "-c", value];
}

function jsonStrings(value: string): string[] | undefined {
  if (!value.startsWith("[")) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return Array.isArray(parsed) && parsed.every((one) => typeof one === "string")
      ? parsed
      : undefined;
  } catch {
    return undefined;
  }
}

/** `a=b c="d e"`, or the old form `a the rest`. */
function pairsOf(value: string): [string, string][] {
  if (!/^[^\s=]+=/.test(value)) {
    const [, name = "", text = ""] = /^(\S+)\s+(.*)$/.exec(value) ?? [];
    if (name === "")
      throw new DvmError("invalid", `cannot read ${JSON.stringify(value)}: no name=value`);
    return [[name, text]];
  }
  const pairs: [string, string][] = [];
  for (const [, name = "", quoted, plain] of value.matchAll(
    /([^\s=]+)=(?:"((?:[^"\\]|\\.)*)"|((?:[^\s"\\]|\\.)*))(?=\s|$)/g,
  )) {
    pairs.push([name, (quoted ?? plain ?? "").replace(/\\(.)/g, "$1")]);
  }
  if (pairs.length === 0)
    throw new DvmError("invalid", `cannot read ${JSON.stringify(value)}: no name=value`);
  return pairs;
}

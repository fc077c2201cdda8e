import { posix } from "node:path";
import { DvmError } from "../../base/errors.ts";
import { parseSignal } from "../../base/signals.ts";
import { exposedPorts } from "./exposed-ports.ts";
import { healthChange, type HealthChange } from "./health-change.ts";
import { instructionLines } from "./instruction-lines.ts";
import { jsonStrings } from "./json-strings.ts";
import { namedValues } from "./named-values.ts";
import { processWord } from "./process-word.ts";

/** `config` of an image configuration. */
export interface RuntimeConfig {
  User?: string;
  ExposedPorts?: Record<string, object>;
  Env?: string[];
  Entrypoint?: string[] | null;
  Cmd?: string[];
  Volumes?: Record<string, object>;
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
  Healthcheck?: HealthChange;
  OnBuild?: string[];
}

/** What instructions build on. */
export interface ChangeBase {
  env: readonly string[];
  workingDir: string;
  shell: readonly string[];
}

interface Changing {
  config: RuntimeConfig;
  base: ChangeBase;
  /** A word without its quotes, with variables in their places. */
  word: (text: string) => string;
}

type Instruction = (changing: Changing, value: string) => void;

const plainShell = ["/bin/sh", "-c"];
const fromNothing: ChangeBase = { env: [], workingDir: "", shell: [] };

const instructions: Record<string, Instruction> = {
  CMD: ({ config, base }, value) => (config.Cmd = commandOf(value, base)),
  ENTRYPOINT: ({ config, base }, value) => {
    const isNone = value === "" || jsonStrings(value)?.length === 0;
    config.Entrypoint = isNone ? null : commandOf(value, base);
  },
  ENV: ({ config, word }, value) => {
    for (const [name, text] of namedValues("ENV", value)) {
      const plain = word(name);
      const others = (config.Env ?? []).filter((entry) => !entry.startsWith(`${plain}=`));
      config.Env = [...others, `${plain}=${word(text)}`];
    }
  },
  EXPOSE: ({ config, word }, value) => {
    for (const port of someWords("EXPOSE", value).map(word).flatMap(exposedPorts))
      config.ExposedPorts = { ...config.ExposedPorts, [port]: {} };
  },
  HEALTHCHECK: ({ config }, value) => (config.Healthcheck = healthChange(value)),
  LABEL: ({ config, word }, value) => {
    for (const [name, text] of namedValues("LABEL", value))
      config.Labels = { ...config.Labels, [word(name)]: word(text) };
  },
  ONBUILD: ({ config }, value) => {
    const trigger = (/^\S+/.exec(value)?.[0] ?? "").toUpperCase();
    if (trigger === "") throw new DvmError("invalid", "ONBUILD requires at least one argument");
    if (trigger === "ONBUILD")
      throw new DvmError("invalid", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
    if (trigger === "FROM" || trigger === "MAINTAINER")
      throw new DvmError("invalid", `${trigger} isn't allowed as an ONBUILD trigger`);
    config.OnBuild = [...(config.OnBuild ?? []), value];
  },
  STOPSIGNAL: ({ config, word }, value) => {
    const signal = word(oneWord("STOPSIGNAL", value));
    parseSignal(signal);
    config.StopSignal = signal;
  },
  USER: ({ config, word }, value) => (config.User = word(oneWord("USER", value))),
  VOLUME: ({ config, word }, value) => {
    for (const path of someWords("VOLUME", value).map(word)) {
      if (path === "") throw new DvmError("invalid", "VOLUME specified can not be an empty string");
      config.Volumes = { ...config.Volumes, [path]: {} };
    }
  },
  WORKDIR: ({ config, base, word }, value) => {
    const current = config.WorkingDir ?? base.workingDir;
    const path = word(oneWord("WORKDIR", value));
    config.WorkingDir = posix.resolve("/", current, path);
  },
};

/** Applies instructions of a Dockerfile, in whose words they fail; of none, nothing is changed. */
export function applyChanges(
  changes: readonly string[],
  base: ChangeBase = fromNothing,
): RuntimeConfig {
  const config: RuntimeConfig = {};
  if (changes.length === 0) return config;
  const lines = instructionLines(changes.join("\n"));
  for (const { name } of lines)
    if (instructions[name.toUpperCase()] === undefined)
      throw new DvmError("invalid", `${name} is not a valid change command`);
  for (const { name, value } of lines) {
    // an instruction sees what those before it have set, not what it sets itself
    const variables = variablesOf([...base.env, ...(config.Env ?? [])]);
    const word = (text: string) => processWord(text, variables);
    instructions[name.toUpperCase()]?.({ config, base, word }, value);
  }
  return config;
}

function variablesOf(env: readonly string[]): Map<string, string> {
  return new Map(
    env.map((entry) => {
      const at = entry.indexOf("=");
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

/** The JSON form as it is; the other form is a shell's line. */
function commandOf(value: string, { shell }: ChangeBase): string[] {
  const line = value === "" ? [] : [value];
  return jsonStrings(value) ?? [...(shell.length > 0 ? shell : plainShell), ...line];
}

function oneWord(name: string, value: string): string {
  if (value === "") throw new DvmError("invalid", `${name} requires exactly one argument`);
  return value;
}

function someWords(name: string, value: string): string[] {
  const words = jsonStrings(value) ?? value.split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) throw new DvmError("invalid", `${name} requires at least one argument`);
  return words;
}

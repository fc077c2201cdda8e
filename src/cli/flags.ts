import { parseArgs } from "node:util";
import { DvmError, describeError } from "../base/errors.ts";

/** A flag of a command, as docker's CLI has them. */
export interface Flag {
  name: string;
  short?: string;
  /** Other spellings that docker takes too. */
  aliases?: readonly string[];
  kind: "boolean" | "text" | "list" | "integer";
  /** What the help names the value. */
  value?: string;
  summary: string;
  /** Throws when the value is no good. */
  check?: (value: string) => unknown;
}

export interface ParsedFlags {
  /** Whether it was given at all. */
  has(name: string): boolean;
  boolean(name: string, otherwise?: boolean): boolean;
  text(name: string): string | undefined;
  list(name: string): string[];
  integer(name: string): number | undefined;
}

export interface ParsedArguments {
  flags: ParsedFlags;
  positionals: string[];
}

/**
 * Reads arguments as docker's CLI does (Go's pflag): `-it`, `-eA=b`, `--name x`, `--rm=false`, `--`.
 * With `stopAtFirstArgument` all after the first non-flag belongs to the container's command.
 */
export function parseFlags(
  argv: readonly string[],
  known: readonly Flag[],
  options: { stopAtFirstArgument?: boolean | undefined } = {},
): ParsedArguments {
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  const byName = flagsByName(known);
  for (const token of tokensOf(argv, known)) {
    if (token.kind === "option-terminator") {
      if (options.stopAtFirstArgument === true) {
        positionals.push(...argv.slice(token.index + 1));
        break;
      }
    } else if (token.kind === "positional") {
      if (options.stopAtFirstArgument === true) {
        positionals.push(...argv.slice(token.index));
        break;
      }
      positionals.push(token.value);
    } else {
      const flag = byName.get(token.name);
      if (flag === undefined) throw unknownFlag(token.rawName, argv[token.index] ?? "");
      const value = valueOf(flag, token, argv[token.index] ?? "");
      const before = flag.kind === "list" ? (values.get(flag.name) ?? []) : [];
      values.set(flag.name, [...before, value]);
    }
  }
  return { flags: parsedFlags(values), positionals };
}

interface OptionToken {
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}

function tokensOf(argv: readonly string[], known: readonly Flag[]) {
  const options: Record<string, { type: "boolean" | "string"; short?: string; multiple: true }> =
    {};
  for (const flag of known) {
    const type = flag.kind === "boolean" ? "boolean" : "string";
    const short = flag.short === undefined ? {} : { short: flag.short };
    options[flag.name] = { type, multiple: true, ...short };
    for (const alias of flag.aliases ?? []) options[alias] = { type, multiple: true };
  }
  const args = [...argv];
  return parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function flagsByName(known: readonly Flag[]): Map<string, Flag> {
  const byName = new Map<string, Flag>();
  for (const flag of known)
    for (const name of [flag.name, ...(flag.aliases ?? [])]) byName.set(name, flag);
  return byName;
}

function valueOf(flag: Flag, token: OptionToken, word: string): string {
  const isShort = !token.rawName.startsWith("--");
  let { value } = token;
  if (flag.kind === "boolean") value ??= "true";
  if (value === undefined)
    throw new DvmError(
      "invalid",
      isShort
        ? `flag needs an argument: '${token.rawName.slice(1)}' in ${word}`
        : `flag needs an argument: ${token.rawName}`,
    );
  if (isShort && token.inlineValue === true && value.startsWith("=")) value = value.slice(1);
  try {
    checkValue(flag, value);
  } catch (error) {
    throw new DvmError(
      "invalid",
      `invalid argument "${value}" for "${flagLabel(flag)}" flag: ${describeError(error)}`,
      { cause: undefined },
    );
  }
  return value;
}

function checkValue(flag: Flag, value: string): void {
  if (flag.kind === "boolean" && parseBoolean(value) === undefined)
    throw new DvmError("invalid", `strconv.ParseBool: parsing "${value}": invalid syntax`);
  if (flag.kind === "integer" && !/^[+-]?\d{1,15}$/.test(value))
    throw new DvmError("invalid", `strconv.ParseInt: parsing "${value}": invalid syntax`);
  flag.check?.(value);
}

function parseBoolean(value: string): boolean | undefined {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(value)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(value)) return false;
  return undefined;
}

/** `-m, --memory`, as messages and help name a flag. */
function flagLabel(flag: Flag): string {
  return flag.short === undefined ? `--${flag.name}` : `-${flag.short}, --${flag.name}`;
}

function unknownFlag(rawName: string, word: string): DvmError {
  if (rawName.startsWith("--")) return new DvmError("invalid", `unknown flag: ${rawName}`);
  return new DvmError("invalid", `unknown shorthand flag: '${rawName.slice(1)}' in ${word}`);
}

function parsedFlags(values: Map<string, string[]>): ParsedFlags {
  const last = (name: string): string | undefined => values.get(name)?.at(-1);
  return {
    has: (name) => values.has(name),
    boolean: (name, otherwise = false) => parseBoolean(last(name) ?? String(otherwise)) === true,
    text: last,
    list: (name) => values.get(name) ?? [],
    integer: (name) => {
      const value = last(name);
      return value === undefined ? undefined : Number(value);
    },
  };
}

import { DvmError } from "../base/errors.ts";
import type { DaemonOption, OptionKind, RefusedOption } from "./daemon-option.ts";
import { daemonOptions } from "./daemon-options.ts";
import type { SettingValue, SettingValues } from "./given-settings.ts";
import { jsonFault } from "./json-words.ts";
import { readPools, readSize, readUlimits } from "./option-values.ts";
import { refusedOptions } from "./refused-options.ts";

const known = new Map(
  daemonOptions.filter(({ only }) => only !== "flag").map((option) => [option.key, option]),
);
const refused = new Map(refusedOptions.map((option) => [option.key, option]));
const proxyKeys = ["http-proxy", "https-proxy", "no-proxy"];
/** Dockerd takes them and does nothing with them; neither is anything lost here. */
const dropped = new Set(["deprecated-key-path", "allow-nondistributable-artifacts"]);

/** A configuration file's text as settings. Throws `invalid` in dockerd's words. */
export function parseConfig(text: string): SettingValues {
  const plain = text.replace(/^\uFEFF/, "");
  if (plain.trim() === "") return new Map();
  const fault = jsonFault(plain);
  if (fault !== undefined) throw new DvmError("invalid", `invalid JSON: ${fault}`);
  const given: unknown = JSON.parse(plain);
  if (given === null) return new Map();
  if (!isObject(given))
    throw invalidType(goType(given), "Go value of type map[string]interface {}");
  requireKnown(Object.keys(given));
  const values = new Map<string, SettingValue>();
  for (const [key, value] of Object.entries(given)) {
    const refusal = refused.get(key);
    if (refusal !== undefined) refuseOption(refusal, value);
    const option = known.get(key);
    if (option === undefined || value === null) continue;
    if (option.kind === "proxies") readProxies(value, values);
    else values.set(key, readValue(option, value));
  }
  return values;
}

function requireKnown(keys: string[]): void {
  const unknown = keys.filter((key) => !known.has(key) && !refused.has(key) && !dropped.has(key));
  if (unknown.length === 0) return;
  throw new DvmError(
    "invalid",
    `the following directives don't match any configuration option: ${unknown.sort().join(", ")}`,
  );
}

/** A value that asks for what is so anyway is taken, and one that asks for nothing. */
export function refuseOption({ key, kind, why, taken = [] }: RefusedOption, value: unknown): void {
  checkType(key, kind, value);
  const isEmpty =
    value === null ||
    value === "" ||
    (typeof value === "object" && Object.keys(value).length === 0);
  if (isEmpty || taken.includes(value)) return;
  throw new DvmError("unsupported", `cannot use ${key}=${JSON.stringify(value)}: ${why}`);
}

function readValue({ key, kind }: DaemonOption, value: unknown): SettingValue {
  if (kind === "size") return readSize(key, value);
  if (kind === "ulimits") return readUlimits(value);
  if (kind === "pools") return readPools(value);
  checkType(key, kind, value);
  return value as SettingValue;
}

function readProxies(value: unknown, values: Map<string, SettingValue>): void {
  if (!isObject(value))
    throw invalidType(goType(value), "Go struct field Config.proxies of type config.Proxies");
  const unknown = Object.keys(value).filter((key) => !proxyKeys.includes(key));
  if (unknown.length > 0) requireKnown(unknown);
  for (const [key, one] of Object.entries(value)) {
    checkType(`proxies.${key}`, "text", one);
    if (typeof one === "string") values.set(key, one);
  }
}

const goNames: Record<Exclude<OptionKind, "size" | "ulimits" | "pools" | "proxies">, string> = {
  boolean: "bool",
  integer: "int",
  text: "string",
  list: "[]string",
  map: "map[string]string",
};

function checkType(key: string, kind: OptionKind, value: unknown): void {
  if (!(kind in goNames) || value === null) return;
  const name = goNames[kind as keyof typeof goNames];
  const field = `Go struct field Config.${key} of type `;
  if (kind === "list") {
    if (!Array.isArray(value)) throw invalidType(goType(value), field + name);
    for (const one of value)
      if (typeof one !== "string") throw invalidType(goType(one), `${field}string`);
  } else if (kind === "map") {
    if (!isObject(value)) throw invalidType(goType(value), field + name);
  } else if (kind === "integer") {
    if (typeof value !== "number") throw invalidType(goType(value), field + name);
    if (!Number.isSafeInteger(value)) throw invalidType(`number ${value}`, field + name);
  } else if (typeof value !== (kind === "text" ? "string" : "boolean"))
    throw invalidType(goType(value), field + name);
}

/** As Go's decoder says that a value is of the wrong type. */
function invalidType(found: string, wanted: string): DvmError {
  return new DvmError("invalid", `invalid JSON: json: cannot unmarshal ${found} into ${wanted}`);
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

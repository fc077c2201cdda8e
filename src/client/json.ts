import { DvmError } from "../base/errors.ts";

/** A JSON object as a daemon sends it: fields are looked at, not trusted. */
export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value as an object; anything else counts as an empty one. */
export function asObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** The value as a list of objects; what is no object is left out. */
export function asObjects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

export function asStrings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

export function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function asNumber(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** The text in `object[name]`; a daemon that left it out breaks the protocol. */
export function requireText(object: unknown, name: string): string {
  const value = asObject(object)[name];
  if (typeof value === "string") return value;
  throw new DvmError("damaged", `cannot read the daemon's answer: it has no text in "${name}"`);
}

/** The whole number in `object[name]`; a daemon that left it out breaks the protocol. */
export function requireInteger(object: unknown, name: string): number {
  const value = asObject(object)[name];
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new DvmError("damaged", `cannot read the daemon's answer: it has no number in "${name}"`);
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new DvmError("damaged", "cannot read the daemon's answer: it is no JSON", {
      cause: error,
    });
  }
}

import { DvmError } from "../../../base/errors.ts";

/**
 * Refuses, by name, fields that DVM does nothing with yet. What asks for nothing passes: zeros, empty
 * lists, and what `harmless` has for the field.
 */
export function refuseGiven(
  where: string,
  fields: Readonly<Record<string, unknown>>,
  harmless: Readonly<Record<string, readonly unknown[]>> = {},
): void {
  for (const [name, value] of Object.entries(fields)) {
    if (asksForNothing(value) || harmless[name]?.includes(value) === true) continue;
    throw new DvmError(
      "unsupported",
      `cannot create a container with ${where}${name}=${JSON.stringify(value)}: DVM does not support it yet`,
    );
  }
}

export function asksForNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === "")
    return true;
  if (Array.isArray(value)) return value.every(asksForNothing);
  return typeof value === "object" && Object.values(value).every(asksForNothing);
}

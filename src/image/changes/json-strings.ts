/** A list of strings in JSON, as Dockerfiles have them; undefined for all else. */
export function jsonStrings(value: string): string[] | undefined {
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

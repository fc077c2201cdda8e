/** Go's idea of truth: empty texts, lists, maps, zero and nothing are false. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** As Go's fmt prints values by `%v`: `[a b]`, `map[k:v]`, `<nil>`. */
export function renderValue(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(renderValue).join(" ")}]`;
  if (typeof value === "object") {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `map[${entries.map(([key, one]) => `${key}:${renderValue(one)}`).join(" ")}]`;
  }
  if (typeof value === "string") return value;
  return typeof value === "function" ? "func" : JSON.stringify(value);
}

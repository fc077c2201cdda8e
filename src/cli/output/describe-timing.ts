import { asNumber, asObject, asObjects, asText, type JsonObject } from "../../client/json.ts";

const origins: Record<string, string> = {
  pool: "a machine that stood ready",
  shared: "the machine of another container",
  clone: "a clone of a template",
  cold: "a boot",
};

/**
 * What `run --timing` prints: the client's phases, and within `start` those that the daemon tells in
 * its `Dvm-Start` header. Milliseconds.
 */
export function describeTiming(
  phases: readonly { name: string; ms: number }[],
  report: JsonObject | undefined,
): string {
  const lines = phases.map(({ name, ms }) => line(0, name, ms));
  for (const phase of asObjects(report?.["phases"] ?? []))
    lines.push(line(1, asText(phase["name"]), asNumber(phase["ms"])));
  const total = phases.reduce((sum, { ms }) => sum + ms, 0);
  const origin = origins[asText(asObject(report ?? {})["origin"])];
  const made = report?.["madeTemplate"] === true ? ", which was made first" : "";
  const from = origin === undefined ? "" : `, by ${origin}${made}`;
  return `${lines.join("")}process runs after ${total.toFixed(0)} ms${from}\n`;
}

function line(indent: number, name: string, ms: number): string {
  return `${`${"  ".repeat(indent)}${name}`.padEnd(20)}${ms.toFixed(1).padStart(8)} ms\n`;
}

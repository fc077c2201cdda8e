import { compileTemplate } from "../template/template.ts";

/** One object as `--format` asks: `json`, or a Go template. */
export function formatObject(object: unknown, format: string): string {
  const text = format.trim();
  if (text === "json") return `${JSON.stringify(object)}\n`;
  return `${compileTemplate(text.replaceAll("\\t", "\t").replaceAll("\\n", "\n"))(object)}\n`;
}

import { z } from "zod";
import { tryParseJson } from "../../../base/parse-json.ts";

export interface QmpEvent {
  event: string;
  data: Record<string, unknown>;
}

type QmpMessage =
  | { kind: "greeting" }
  | ({ kind: "event" } & QmpEvent)
  /** `id` is that of the command; an error of what QEMU could not even read has none. */
  | { kind: "answer"; id: number | undefined; value: unknown }
  | { kind: "answer"; id: number | undefined; error: string };

const id = z.int().optional();
const greetingSchema = z.object({ QMP: z.looseObject({}) });
const eventSchema = z.object({
  event: z.string(),
  data: z.record(z.string(), z.unknown()).default({}),
});
const valueSchema = z.object({ return: z.unknown(), id });
const errorSchema = z.object({ error: z.unknown(), id });

/** One line of QEMU's; undefined for what the protocol doesn't know. */
export function readQmpLine(line: string): QmpMessage | undefined {
  const message = tryParseJson(line);
  if (typeof message !== "object" || message === null) return undefined;
  if ("event" in message) {
    const { data, success } = eventSchema.safeParse(message);
    return success ? { kind: "event", ...data } : undefined;
  }
  if ("return" in message) {
    const { data, success } = valueSchema.safeParse(message);
    return success ? { kind: "answer", id: data.id, value: data.return } : undefined;
  }
  if ("error" in message) {
    const { data, success } = errorSchema.safeParse(message);
    if (!success) return undefined;
    return { kind: "answer", id: data.id, error: JSON.stringify(data.error) };
  }
  return greetingSchema.safeParse(message).success ? { kind: "greeting" } : undefined;
}

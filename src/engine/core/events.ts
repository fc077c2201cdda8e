import { EventEmitter } from "node:events";

export interface EngineEvent {
  Type: "container" | "image" | "volume";
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  scope: "local";
  time: number;
  timeNano: number;
  /** As clients of before API 1.22 read it: what happened, to what, and of which image. */
  status?: string;
  id?: string;
  from?: string;
}

const keptEvents = 256;

/** What happens in the engine, told to all who listen; the last ones are kept for late-comers. */
export class EventLog {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #past: EngineEvent[] = [];

  emit(
    type: EngineEvent["Type"],
    action: string,
    id: string,
    attributes: Record<string, string>,
  ): void {
    const now = Date.now();
    const { image } = attributes;
    const event: EngineEvent = {
      ...(type === "volume" ? {} : { status: action, id }),
      ...(type === "container" && image !== undefined ? { from: image } : {}),
      scope: "local",
      Type: type,
      Action: action,
      Actor: { ID: id, Attributes: attributes },
      time: Math.floor(now / 1000),
      timeNano: now * 1_000_000,
    };
    this.#past.push(event);
    if (this.#past.length > keptEvents) this.#past.shift();
    this.#emitter.emit("event", event);
  }

  /** Kept events from `sinceSeconds` (Unix time) on. */
  since(sinceSeconds: number): EngineEvent[] {
    return this.#past.filter((event) => event.time >= sinceSeconds);
  }

  listen(listener: (event: EngineEvent) => void): () => void {
    this.#emitter.on("event", listener);
    return () => this.#emitter.off("event", listener);
  }
}

import { EventEmitter } from "node:events";

export interface EngineEvent {
  Type: "builder" | "container" | "daemon" | "image" | "network" | "volume";
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
/** A float of this size tells nanoseconds apart by 256. */
const leastStepNano = 1000;

/** What happens in the engine, told to all who listen; the last ones are kept for late-comers. */
export class EventLog {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #past: EngineEvent[] = [];
  #lastNano = 0;
  /** Since this daemon started. */
  emitted = 0;

  emit(
    type: EngineEvent["Type"],
    action: string,
    id: string,
    attributes: Record<string, string>,
  ): void {
    const timeNano = this.#now();
    const { image } = attributes;
    const isOfOldKind = type === "container" || type === "image";
    const event: EngineEvent = {
      ...(isOfOldKind ? { status: action } : {}),
      ...(isOfOldKind && id !== "" ? { id } : {}),
      ...(type === "container" && image !== undefined ? { from: image } : {}),
      scope: "local",
      Type: type,
      Action: action,
      Actor: { ID: id, Attributes: attributes },
      time: Math.floor(timeNano / 1e9),
      timeNano,
    };
    this.emitted += 1;
    this.#past.push(event);
    if (this.#past.length > keptEvents) this.#past.shift();
    this.#emitter.emit("event", event);
  }

  /** Kept events from `since` to `until`, in nanoseconds of Unix time. */
  between(since: number, until: number): EngineEvent[] {
    return this.#past.filter(({ timeNano }) => timeNano >= since && timeNano <= until);
  }

  /** How many listen. */
  get listeners(): number {
    return this.#emitter.listenerCount("event");
  }

  listen(listener: (event: EngineEvent) => void): () => void {
    this.#emitter.on("event", listener);
    return () => this.#emitter.off("event", listener);
  }

  /** Later than every event before, so that who goes on from one misses none and sees none twice. */
  #now(): number {
    this.#lastNano = Math.max(Date.now() * 1e6, this.#lastNano + leastStepNano);
    return this.#lastNano;
  }
}

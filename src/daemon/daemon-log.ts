/** From what is most to what is least. */
export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogSettings {
  level: string | undefined;
  format: string | undefined;
  debug: boolean;
}

const ranks: Record<string, number> = {
  ...{ trace: 0, debug: 0, info: 1, warn: 2, error: 3, fatal: 4, panic: 4 },
};

/** The daemon's log: lines of text, or of JSON as dockerd's. */
export class DaemonLog {
  #settings: LogSettings;
  readonly #write: (line: string) => void;

  constructor(settings: LogSettings, write: (line: string) => void) {
    this.#settings = settings;
    this.#write = write;
  }

  set settings(settings: LogSettings) {
    this.#settings = settings;
  }

  shows(level: LogLevel): boolean {
    const { level: least = "info", debug } = this.#settings;
    return (ranks[level] ?? 1) >= (debug ? 0 : (ranks[least.toLowerCase()] ?? 1));
  }

  write(message: string, level: LogLevel = "info", fields: Record<string, string> = {}): void {
    if (!this.shows(level)) return;
    const time = new Date().toISOString();
    const name = level === "warn" ? "warning" : level;
    if (this.#settings.format === "json")
      this.#write(JSON.stringify({ level: name, msg: message, ...fields, time }));
    else {
      const more = Object.entries(fields).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
      const mark = level === "info" ? "" : `${name}: `;
      this.#write(`${time} ${mark}${message}${more.join("")}`);
    }
  }
}

/** Tells who follows a log that there is more of it, and how often a new file of it was begun. */
export class LogFeed {
  /** Which file is the current one, counted from what this daemon found. */
  generation = 0;
  #version = 0;
  readonly #waiting = new Set<() => void>();

  /** Of what has been written so far; for {@link changedSince}. */
  get version(): number {
    return this.#version;
  }

  changed(): void {
    this.#version += 1;
    for (const wake of [...this.#waiting]) wake();
  }

  /** Returns when more was written than at `version`, or `signal` says that nobody waits any more. */
  changedSince(version: number, signal: AbortSignal): Promise<void> {
    if (version !== this.#version || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener("abort", done);
    });
  }
}

/** When which container is to be started again by its restart policy. Owns the timers, and what they begin. */
export class RestartTimers implements AsyncDisposable {
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #underWay = new Set<Promise<void>>();
  #restart: (id: string) => Promise<void> = async () => {};
  /** The engine ends: nothing begins any more. */
  isOver = false;

  /** What is done with a container when its time has come. */
  whenDue(restart: (id: string) => Promise<void>): void {
    this.#restart = restart;
  }

  /** `dueAt`: RFC 3339. In place of an earlier time for this container. */
  set(id: string, dueAt: string): void {
    this.cancel(id);
    if (this.isOver) return;
    const begin = () => {
      this.#timers.delete(id);
      this.follow(this.#restart(id));
    };
    this.#timers.set(id, setTimeout(begin, Math.max(0, Date.parse(dueAt) - Date.now())));
  }

  cancel(id: string): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  /** Something that nobody else waits for, and that must be over when the engine ends. */
  follow(action: Promise<void>): void {
    const settled = action.finally(() => this.#underWay.delete(settled));
    this.#underWay.add(settled);
  }

  /** Nothing begins any more; what has begun is waited for. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.isOver = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await Promise.allSettled(this.#underWay);
  }
}

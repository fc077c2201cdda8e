/** Takes what an agent tells of its own accord to those who listen; what came before waits for them. */
export class Reports<T> {
  readonly #last = new Map<string, T>();
  readonly #listeners = new Map<string, (report: T) => void>();

  /** `isKnown`: the host has such a container. */
  take(container: string, report: T, isKnown: boolean): void {
    const listener = this.#listeners.get(container);
    if (listener !== undefined) listener(report);
    else if (isKnown) this.#last.set(container, report);
  }

  listen(container: string, listener: (report: T) => void): void {
    this.#listeners.set(container, listener);
    const last = this.#last.get(container);
    this.#last.delete(container);
    if (last !== undefined) listener(last);
  }

  forget(container: string): void {
    this.#last.delete(container);
    this.#listeners.delete(container);
  }
}

/** Measures the phases of one thing that is done step by step. */
export class Stopwatch {
  readonly phases: { name: string; ms: number }[] = [];
  #last: number;

  /** Runs from now on, or from `start` of `performance.now()`: 0 is the start of the process. */
  constructor(start = performance.now()) {
    this.#last = start;
  }

  /** The phase that ends now. */
  lap(name: string): void {
    const now = performance.now();
    this.phases.push({ name, ms: Math.round((now - this.#last) * 10) / 10 });
    this.#last = now;
  }
}

/** Measures the phases of one thing that is done step by step. */
export class Stopwatch {
  readonly phases: { name: string; ms: number }[] = [];
  #last = performance.now();

  /** The phase that ends now. */
  lap(name: string): void {
    const now = performance.now();
    this.phases.push({ name, ms: Math.round((now - this.#last) * 10) / 10 });
    this.#last = now;
  }
}

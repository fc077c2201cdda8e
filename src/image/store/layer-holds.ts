/** Layers that somebody works with, and that must not go meanwhile; each counted. */
export class LayerHolds {
  readonly #counts = new Map<string, number>();

  take(diffId: string): void {
    this.#counts.set(diffId, (this.#counts.get(diffId) ?? 0) + 1);
  }

  release(diffId: string): void {
    const left = (this.#counts.get(diffId) ?? 0) - 1;
    if (left > 0) this.#counts.set(diffId, left);
    else this.#counts.delete(diffId);
  }

  has(diffId: string): boolean {
    return this.#counts.has(diffId);
  }
}

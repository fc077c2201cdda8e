/** An engine that clients speak to: Docker's or ours. */
export interface ComparedEngine extends AsyncDisposable {
  readonly name: "docker" | "dvm";
  /** As it tells it. */
  readonly version: string;
  readonly socket: string;
  /** The words that run a client so that it reaches what this engine's containers publish. */
  within(words: readonly string[]): string[];
}

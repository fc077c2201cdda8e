import { createHash, type Hash } from "node:crypto";

export const digestPattern = /^sha256:[0-9a-f]{64}$/;

/** `sha256:…` of bytes. */
export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Passes a stream on and hashes it; the digest counts once the stream was read to its end. */
export class Digester {
  readonly #hash: Hash = createHash("sha256");
  #bytes = 0;

  async *through(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      this.#hash.update(chunk);
      this.#bytes += chunk.length;
      yield chunk;
    }
  }

  /** Only once. */
  digest(): string {
    return `sha256:${this.#hash.digest("hex")}`;
  }

  get bytes(): number {
    return this.#bytes;
  }
}

/** The hex part of a digest, as files are named. */
export function digestHex(digest: string): string {
  return digest.slice("sha256:".length);
}

/** Of layers that lie on each other, each with those below it: what Docker names a layer by. */
export function chainIds(diffIds: readonly string[]): string[] {
  const chain: string[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : digestOf(`${below} ${diffId}`));
  }
  return chain;
}

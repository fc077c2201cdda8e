import { DvmError } from "../base/errors.ts";
import { shortId } from "../base/ids.ts";

/**
 * Who has which volume that is a disk: one machine, or several that only read. A file system that two
 * kernels have mounted is lost when one of them writes.
 */
export class DiskClaims {
  readonly #claims = new Map<string, Map<string, { readOnly: boolean }>>();

  /** `others`: containers that have it of which nothing is known here, as an earlier daemon's. */
  claim(
    volume: string,
    who: string,
    { readOnly, others }: { readOnly: boolean; others: readonly string[] },
  ): void {
    const known = this.#claims.get(volume) ?? new Map<string, { readOnly: boolean }>();
    const other = [...known].find(([id, claim]) => id !== who && !(readOnly && claim.readOnly));
    const user = other?.[0] ?? others.find((id) => id !== who && !known.has(id));
    if (user !== undefined)
      throw new DvmError(
        "conflict",
        `cannot use volume ${volume}: it is a disk, and container ${shortId(user)} has it; a disk is one machine's at a time, or several ones' that mount it read-only`,
      );
    this.#claims.set(volume, known.set(who, { readOnly }));
  }

  release(volume: string, who: string): void {
    this.#claims.get(volume)?.delete(who);
  }
}

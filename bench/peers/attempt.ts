import { describeError } from "../../src/base/errors.ts";
import type { Found } from "./peer.ts";

/** What a peer gives; one that fails is left out from here on, and the reason is shown in its place. */
export async function attempt<T>(of: string, action: () => Promise<T>): Promise<Found<T>> {
  try {
    return { peer: await action() };
  } catch (error) {
    return { of, reason: describeError(error) };
  }
}

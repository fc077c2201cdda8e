import { attempt } from "../peers/attempt.ts";
import type { ContainerEngine } from "../peers/container-engine.ts";
import type { Fixture } from "../peers/fixture.ts";
import type { Found } from "../peers/peer.ts";

/** The peer after {@link ContainerEngine.warmUp}; one that can't is left out from here on. */
export async function warm<T extends ContainerEngine>(
  found: Found<T>,
  fixture: Fixture,
): Promise<Found<T>> {
  if ("reason" in found) return found;
  const { peer } = found;
  return attempt(peer.name, async () => {
    await peer.warmUp(fixture);
    return peer;
  });
}

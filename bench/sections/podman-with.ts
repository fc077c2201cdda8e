import { attempt } from "../peers/attempt.ts";
import type { Contenders } from "../peers/contenders.ts";
import type { Fixture } from "../peers/fixture.ts";
import type { Found } from "../peers/peer.ts";
import type { Podman } from "../peers/podman.ts";

/** podman, once it has loaded an image. */
export async function podmanWith(contenders: Contenders, fixture: Fixture): Promise<Found<Podman>> {
  const found = await contenders.podman();
  if ("reason" in found) return found;
  return attempt("podman", async () => {
    await found.peer.load(fixture);
    return found.peer;
  });
}

import { asObject } from "../../src/client/json.ts";
import type { ContainerEngine } from "../peers/container-engine.ts";

/** Throws unless the containers' last starts were of the kind that the engine's name says. */
export async function checkOrigin(engine: ContainerEngine, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const { Dvm: ours } = await engine.client.containers.inspect(id);
    const { Origin: origin, MadeTemplate: madeTemplate } = asObject(asObject(ours)["Start"]);
    engine.checkStart({ origin, madeTemplate });
  }
}

import type { Engine } from "../core.ts";
import type { ContainerRecord } from "../records.ts";
import { removeVolume, volumeUsers } from "../volumes.ts";

/** Removes the volumes that were made for this container alone. It may still be there. */
export async function removeAnonymousVolumes(
  engine: Engine,
  record: ContainerRecord,
): Promise<void> {
  for (const { anonymous, volume } of record.run.mounts) {
    if (anonymous !== true || volume === undefined) continue;
    const known = engine.state.volumes().some((one) => one.name === volume);
    if (known && volumeUsers(engine, volume).every((id) => id === record.id))
      await removeVolume(engine, volume, record.id);
  }
}

import { applyChanges } from "../changes/apply-changes.ts";
import type { ImportOptions } from "./image-types.ts";

/** The configuration of an image that is made of the tar of a root file system. */
export function importedConfig(
  diffId: string,
  options: ImportOptions & { architecture: string },
): string {
  const created = new Date().toISOString();
  return JSON.stringify({
    architecture: options.architecture,
    os: "linux",
    created,
    config: applyChanges(options.changes ?? []),
    rootfs: { type: "layers", diff_ids: [diffId] },
    history: [{ created, comment: options.message ?? "Imported from -" }],
  });
}

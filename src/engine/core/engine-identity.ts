import { randomUUID } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ignore } from "../../base/errors.ts";
import { timestamp } from "../../base/timestamps.ts";
import { writeAtomically } from "../../host/write-atomically.ts";

/** What tells an engine from others, and since when it is. */
export interface EngineIdentity {
  id: string;
  createdAt: string;
}

/** Made with the data root, and kept in it. */
export async function engineIdentity(dataRoot: string): Promise<EngineIdentity> {
  const path = join(dataRoot, "engine-id");
  const known = (await ignore("ENOENT", () => readFile(path, "utf8")))?.trim() ?? "";
  const id = known === "" ? randomUUID() : known;
  if (known === "") await writeAtomically(path, id, 0o600);
  return { id, createdAt: timestamp((await stat(path)).mtime) };
}

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";

interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** A folder inside the data root (so that renames out of it work) that goes with its owner. */
export async function temporaryFolder(dataRoot: string, name: string): Promise<TemporaryFolder> {
  const parent = join(dataRoot, "tmp");
  await mkdir(parent, { recursive: true });
  const path = await mkdtemp(join(parent, `${name}-`));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

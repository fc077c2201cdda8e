import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DvmError } from "../../base/errors.ts";
import type { Places } from "../../host/places.ts";

/**
 * One daemon a run root: who holds SQLite's lock on a file of it. The system lets go of the lock
 * when its holder ends, however that happens. The pid files only tell.
 */
export async function claimRunRoot(
  { pidFile, runRoot, dataRoot }: Places,
  alsoPidFile: string | undefined,
): Promise<AsyncDisposable> {
  for (const folder of [dataRoot, runRoot]) await mkdir(folder, { recursive: true, mode: 0o700 });
  const lockPath = join(runRoot, "dvm.lock");
  const lock = new DatabaseSync(lockPath);
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    const pid = (await readFile(pidFile, "utf8").catch(() => "")).trim();
    throw new DvmError("conflict", `cannot start the daemon: it runs already (pid ${pid})`, {
      cause,
    });
  }
  await chmod(lockPath, 0o600); // or others who reach the folder could hold it
  const pidFiles = alsoPidFile === undefined ? [pidFile] : [pidFile, alsoPidFile];
  for (const file of pidFiles) await writeFile(file, `${process.pid}\n`, { mode: 0o644 });
  return {
    [Symbol.asyncDispose]: async () => {
      for (const file of pidFiles) await rm(file, { force: true });
      lock.close();
    },
  };
}

import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "../../../bench/measure/run-program.ts";
import { testCache } from "../../support/cache.ts";
import { download, exists } from "../peer/docker-packages.ts";

const installDeadlineMs = 600_000;

/** A folder that `fill` fills once; what it is filled with is part of its name. */
async function once(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(testCache, "clients", name);
  if (await exists(folder)) return folder;
  const work = `${folder}.new`;
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  await fill(work);
  await rename(work, folder);
  return folder;
}

/** Unpacks packages of Debian's, and no others that they depend on. */
export function debianPackages(suite: string, names: readonly string[]): Promise<string> {
  return once(`${suite}-${names[0]}`, async (folder) => {
    const work = `${folder}.archives`;
    for (const archive of await download(work, suite, names))
      await runProgram(["dpkg-deb", "-x", archive, folder]);
    await rm(work, { recursive: true, force: true });
  });
}

/** Installs packages of npm's; `node_modules` is in the folder. No package's scripts are run. */
export function npmPackages(packages: readonly string[]): Promise<string> {
  return once(`npm-${packages.join("-").replaceAll("/", "-")}`, async (folder) => {
    await writeFile(join(folder, "package.json"), JSON.stringify({ private: true }));
    const words = [
      "install",
      "--silent",
      "--no-audit",
      "--no-fund",
      "--ignore-scripts",
      ...packages,
    ];
    await runProgram(["npm", ...words], { cwd: folder, deadlineMs: installDeadlineMs });
  });
}

/** Installs packages of Python's; the folder goes into `PYTHONPATH`. */
export function pythonPackages(packages: readonly string[]): Promise<string> {
  return once(`python-${packages.join("-")}`, async (folder) => {
    const words = ["-m", "pip", "install", "--quiet", "--target", folder, ...packages];
    await runProgram(["python3", ...words], { deadlineMs: installDeadlineMs });
  });
}

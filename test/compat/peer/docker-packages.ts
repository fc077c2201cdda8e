import { access, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DvmError } from "../../../src/base/errors.ts";
import { runProgram } from "../../../bench/measure/run-program.ts";
import { testCache } from "../../support/cache.ts";

/** Of sid; its runc wants a newer libc than a stable host has, so that comes from bookworm. */
const packages: Record<string, string[]> = {
  sid: ["docker.io", "containerd", "docker-cli", "docker-compose", "docker-buildx", "tini"],
  bookworm: ["runc"],
};

/**
 * A folder with Docker 28's programs, unpacked and not installed: the host's own package sources and
 * what is installed stay as they are. Unpacked once.
 */
export async function dockerPrograms(): Promise<string> {
  const folder = join(testCache, "docker-28");
  if (await exists(join(folder, "usr/sbin/dockerd"))) return folder;
  const work = `${folder}.new`;
  await rm(work, { recursive: true, force: true });
  for (const [suite, names] of Object.entries(packages)) {
    const archives = await download(join(work, suite), suite, names);
    for (const archive of archives)
      await runProgram(["dpkg-deb", "-x", archive, join(work, "root")]);
  }
  await rename(join(work, "root"), folder);
  await rm(work, { recursive: true, force: true });
  return folder;
}

/** Downloads packages of a suite of Debian's by lists and a state of their own. */
export async function download(
  folder: string,
  suite: string,
  names: readonly string[],
): Promise<string[]> {
  for (const one of ["lists/partial", "archives"])
    await mkdir(join(folder, one), { recursive: true });
  await writeFile(join(folder, "sources.list"), `deb ${await debianMirror()} ${suite} main\n`);
  const settings = [
    `Dir::Etc::SourceList=${join(folder, "sources.list")}`,
    ...["Dir::Etc::SourceParts=/dev/null", `Dir::State::Lists=${join(folder, "lists")}`],
    ...[`Dir::Cache::pkgcache=`, `Dir::Cache::srcpkgcache=`],
    ...[`APT::Sandbox::User=root`, `Acquire::Languages=none`],
  ].flatMap((setting) => ["-o", setting]);
  await runProgram(["apt-get", "-qq", ...settings, "update"]);
  const cwd = join(folder, "archives");
  await runProgram(["apt-get", "-qq", ...settings, "download", ...names], { cwd });
  return (await readdir(cwd)).map((name) => join(cwd, name));
}

/** Where this host's own apt gets Debian's packages. */
async function debianMirror(): Promise<string> {
  const format = "$(ORIGIN) $(LABEL) $(COMPONENT) $(REPO_URI)";
  const { stdout } = await runProgram(["apt-get", "indextargets", "--format", format]);
  const found = /^Debian Debian main (\S+)$/m.exec(stdout)?.[1];
  if (found === undefined)
    throw new DvmError("unavailable", "cannot find Debian's packages: apt names no mirror of them");
  return found;
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { DvmError, ignore } from "../base/errors.ts";
import { downloadPackage, packageDependency, packageVersion, unpackPackage } from "../host/apt.ts";
import { runGroup } from "../host/run-group.ts";
import { runTool } from "../host/run-tool.ts";
import { digestOf } from "./kernel.ts";
import { compareVersions } from "./kernel-version.ts";

/** Where a kernel's source comes from. */
export interface KernelSource {
  /** `linux-source-6.1`, or the name of an archive's file. */
  name: string;
  /** The package's version, else the digest of the archive. */
  version: string;
  /** Gives the path of the source's archive; fetches it into `folder` where it isn't installed. */
  archive(folder: string, signal: AbortSignal | undefined): Promise<string>;
}

/**
 * `want`: a version of the distribution's packages (`6.12`), or the path of an archive of Linux;
 * undefined for the package that is installed, else the one that the distribution recommends.
 */
export async function findKernelSource(
  dataRoot: string,
  want: string | undefined,
): Promise<KernelSource> {
  if (want?.includes("/")) return archiveSource(want);
  const version = want?.replace(/^linux-source-/, "");
  if (version !== undefined && !/^\d+\.\d+$/.test(version)) {
    throw new DvmError("invalid", `cannot build a kernel: "${want}" is no source`, {
      hint: "a source is a version, as in 6.12, or the path of an archive, as in ./linux.tar.xz",
    });
  }
  const installed = await installedSource(version);
  if (installed !== undefined) return installed;
  const name =
    version === undefined
      ? await packageDependency("linux-source", /^linux-source-\d/, { dataRoot })
      : `linux-source-${version}`;
  return packagedSource(name, dataRoot);
}

async function packagedSource(name: string, dataRoot: string): Promise<KernelSource> {
  const version = await packageVersion(name, { dataRoot }).catch((cause: unknown) => {
    throw new DvmError("unavailable", `cannot build a kernel: there is no package ${name}`, {
      cause,
      hint: "apt-cache search linux-source tells which there are; dvm kernel build --source takes one",
    });
  });
  return {
    name,
    version,
    archive: async (folder, signal) => {
      const archive = await downloadPackage(name, folder, { dataRoot, signal });
      const unpacked = join(folder, "package");
      await unpackPackage(archive, unpacked, signal);
      return join(unpacked, "usr/src", `${name}.tar.xz`);
    },
  };
}

async function archiveSource(path: string): Promise<KernelSource> {
  const found = await ignore("ENOENT", () => stat(path));
  if (found === undefined || !found.isFile())
    throw new DvmError("invalid", `cannot build a kernel: there is no archive ${path}`);
  return { name: basename(path), version: await digestOf(path), archive: async () => path };
}

async function installedSource(version: string | undefined): Promise<KernelSource | undefined> {
  const names = (await ignore("ENOENT", () => readdir("/usr/src"))) ?? [];
  const file = names
    .filter((name) => /^linux-source-\d+\.\d+\.tar\.xz$/.test(name))
    .filter((name) => version === undefined || name === `linux-source-${version}.tar.xz`)
    .sort(compareVersions)
    .at(-1);
  if (file === undefined) return undefined;
  const name = file.slice(0, -".tar.xz".length);
  const purpose = `find the version of ${name}`;
  const found = await runTool("dpkg-query", ["-W", "-f", "${Version}", name], { purpose });
  return { name, version: found, archive: async () => join("/usr/src", file) };
}

/** Unpacks the parts that an x86 kernel is made of: the rest is most of the archive's files. */
export async function unpackKernelSource(
  archive: string,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const unused = [
    "*/arch/a[lr]*/*.[chS]", // Kconfig reads files of all processors
    "*/arch/[b-tvwyz]*/*.[chS]",
    "*.dts",
    "*.dtsi",
    "*/Documentation/[a-z]*",
    "*/drivers/gpu/drm/amd/include/*",
    "*/tools/testing/*",
    "*/drivers/staging/*/*.[ch]",
    "*/sound/*.[ch]",
  ];
  const excludes = unused.map((pattern) => `--exclude=${pattern}`);
  await runGroup("tar", ["-xf", archive, "-C", folder, "--strip-components=1", ...excludes], {
    purpose: `unpack ${archive}`,
    signal,
  }).catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw new DvmError("damaged", `cannot unpack the kernel's source ${archive}`, { cause });
  });
}

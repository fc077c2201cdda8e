import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DvmError, ignore } from "../base/errors.ts";
import { downloadPackage, packageDependency, packageVersion, unpackPackage } from "../host/apt.ts";
import { runTool } from "../host/run-tool.ts";

/** The distribution's kernel source. */
export interface KernelSource {
  packageName: string;
  version: string;
  /** Gives the path of the source's archive; fetches it into `folder` where it isn't installed. */
  archive(folder: string, signal: AbortSignal | undefined): Promise<string>;
}

/** The source package as installed, else as the package lists offer it. */
export async function findKernelSource(dataRoot: string): Promise<KernelSource> {
  const installed = await installedSource();
  if (installed !== undefined) return installed;
  const packageName = await packageDependency("linux-source", /^linux-source-\d/, { dataRoot });
  return {
    packageName,
    version: await packageVersion(packageName, { dataRoot }),
    archive: async (folder, signal) => {
      const archive = await downloadPackage(packageName, folder, { dataRoot, signal });
      const unpacked = join(folder, "package");
      await unpackPackage(archive, unpacked, signal);
      return join(unpacked, "usr/src", `${packageName}.tar.xz`);
    },
  };
}

async function installedSource(): Promise<KernelSource | undefined> {
  const names = (await ignore("ENOENT", () => readdir("/usr/src"))) ?? [];
  const file = names
    .filter((name) => /^linux-source-[\d.]+\.tar\.xz$/.test(name))
    .sort(byVersion)
    .at(-1);
  if (file === undefined) return undefined;
  const packageName = file.slice(0, -".tar.xz".length);
  const purpose = `find the version of ${packageName}`;
  const version = await runTool("dpkg-query", ["-W", "-f", "${Version}", packageName], { purpose });
  return { packageName, version, archive: async () => join("/usr/src", file) };
}

function byVersion(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
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
  await runTool("tar", ["-xJf", archive, "-C", folder, "--strip-components=1", ...excludes], {
    purpose: `unpack ${archive}`,
    hint: "it may be damaged, or the disk full",
    signal,
  }).catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw new DvmError("damaged", `cannot unpack the kernel's source ${archive}`, { cause });
  });
}

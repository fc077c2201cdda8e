import { join } from "node:path";
import { DvmError } from "../base/errors.ts";
import {
  downloadPackage,
  packagesToInstall,
  refreshPackageLists,
  unpackPackage,
} from "../host/apt.ts";
import { runTool } from "../host/run-tool.ts";
import { temporaryFolder } from "../host/temporary-folder.ts";
import { unpackedTools } from "../host/tools.ts";
import type { Need } from "./needs.ts";

/** Belong to the running system: unpacked ones would not fit its loader. */
const systemPackages = ["libc6", "libc-bin", "libc-l10n", "locales"];

/** Installs packages on the host. As root only. */
export async function installPackages(
  needs: Need[],
  print: (line: string) => void,
  dataRoot: string,
): Promise<void> {
  await refresh(dataRoot, print);
  const words = ["install", "-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"];
  await runTool("apt-get", [...words, ...needs.map(({ packageName }) => packageName)], {
    purpose: "install packages",
    hint: "what apt-get says is above; run it by hand to see more",
    environment: { DEBIAN_FRONTEND: "noninteractive" },
  });
}

/**
 * Unpacks packages, and those that they depend on and the host has not, in the data root, for a
 * user who may not install any. `findTool` finds their programs.
 */
export async function fetchPackages(
  needs: Need[],
  print: (line: string) => void,
  dataRoot: string,
): Promise<void> {
  await refresh(dataRoot, print);
  const wanted = needs.map(({ packageName }) => packageName);
  const names = (await packagesToInstall(wanted, { dataRoot })).filter(
    (name) => !systemPackages.includes(name.replace(/:.*$/, "")),
  );
  print(`fetching ${names.length} packages into ${unpackedTools(dataRoot)}`);
  for (const name of names) {
    await using work = await temporaryFolder(dataRoot, "package");
    const archive = await downloadPackage(name, join(work.path, "archive"), { dataRoot });
    await unpackPackage(archive, unpackedTools(dataRoot));
  }
}

/** The command that brings `needs`, for a person. */
export function installCommand(needs: Need[]): string {
  const names = needs.map(({ packageName }) => packageName).join(" ");
  return `apt-get install --no-install-recommends ${names}`;
}

/** Old lists name archives that mirrors have dropped. A third party's source may fail, ours not. */
async function refresh(dataRoot: string, print: (line: string) => void): Promise<void> {
  try {
    await refreshPackageLists({ dataRoot });
  } catch (error) {
    if (!(error instanceof DvmError)) throw error;
    print("the package lists could not be refreshed; going on with those that are there");
  }
}

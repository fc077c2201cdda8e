import { access, chmod, mkdir, readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { DvmError } from "../base/errors.ts";
import { runTool } from "./run-tool.ts";
import { unpackedTools } from "./tools.ts";
import { writeAtomically } from "./write-atomically.ts";

const hint = "it needs a Debian or Ubuntu with filled package lists; as root: apt-get update";

interface AptOptions {
  /** Package lists of DVM's own are kept here for a user who may not refresh the system's. */
  dataRoot: string;
  signal?: AbortSignal | undefined;
}

/** Whether packages of this host come by apt. */
export async function hasApt(): Promise<boolean> {
  const text = await readFile("/etc/os-release", "utf8").catch(() => "");
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(text);
}

/** The real package behind a meta package: its first dependency that matches. */
export async function packageDependency(
  name: string,
  pattern: RegExp,
  { dataRoot }: AptOptions,
): Promise<string> {
  const text = await runTool("apt-cache", ["depends", "--no-recommends", name], {
    purpose: `find package ${name}`,
    hint,
    environment: await aptEnvironment(dataRoot),
  });
  const names = text.split("\n").map((line) => line.replace(/^[ |]*Depends: /, "").trim());
  const found = names.find((line) => pattern.test(line));
  if (found === undefined)
    throw new DvmError("unavailable", `cannot find package ${name}: apt-cache doesn't know it`, {
      hint,
    });
  return found;
}

/** A package's version as the lists offer it. */
export async function packageVersion(name: string, { dataRoot }: AptOptions): Promise<string> {
  const shown = await runTool("apt-cache", ["show", "--no-all-versions", name], {
    purpose: `find package ${name}`,
    hint,
    environment: await aptEnvironment(dataRoot),
  });
  return /^Version: (\S+)$/m.exec(shown)?.[1] ?? "unknown";
}

/** Packages that installing `names` would bring or renew, themselves included. Changes nothing. */
export async function packagesToInstall(
  names: string[],
  { dataRoot, signal }: AptOptions,
): Promise<string[]> {
  const text = await runTool("apt-get", ["-s", "install", "--no-install-recommends", ...names], {
    purpose: `find packages ${names.join(", ")}`,
    hint,
    signal,
    environment: await aptEnvironment(dataRoot),
  });
  return text.split("\n").flatMap((line) => /^Inst (\S+)/.exec(line)?.[1] ?? []);
}

/** Fetches a package's archive into `folder`; needs no root. Gives the archive's path. */
export async function downloadPackage(
  name: string,
  folder: string,
  { dataRoot, signal }: AptOptions,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  await openForApt(folder);
  await runTool("apt-get", ["download", "-qq", name], {
    purpose: `download package ${name}`,
    hint,
    cwd: folder,
    signal,
    environment: await aptEnvironment(dataRoot),
  });
  const plain = name.replace(/:.*$/, "");
  const archive = (await readdir(folder)).find((file) => file.startsWith(`${plain}_`));
  if (archive === undefined)
    throw new DvmError("unavailable", `cannot download package ${name}: apt-get left no archive`);
  return join(folder, archive);
}

/** Unpacks a package's files, without installing it. */
export async function unpackPackage(
  archive: string,
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await runTool("dpkg-deb", ["-x", archive, folder], { purpose: `unpack ${archive}`, signal });
}

/** Refreshes the package lists: the system's for root, else some in the data root. */
export async function refreshPackageLists({ dataRoot, signal }: AptOptions): Promise<void> {
  if (process.getuid?.() !== 0) await useOwnLists(dataRoot);
  await runTool("apt-get", ["update", "-q"], {
    purpose: "refresh the package lists",
    signal,
    environment: await aptEnvironment(dataRoot),
  });
}

async function useOwnLists(dataRoot: string): Promise<void> {
  const folder = aptFolder(dataRoot);
  for (const part of ["lists/partial", "cache/archives/partial"])
    await mkdir(join(folder, part), { recursive: true });
  const lines = [
    `Dir::State::Lists "${folder}/lists";`,
    `Dir::Cache "${folder}/cache";`,
    `Acquire::Languages "none";`,
  ];
  await writeAtomically(join(folder, "apt.conf"), `${lines.join("\n")}\n`);
}

async function aptEnvironment(dataRoot: string): Promise<Record<string, string>> {
  const config = join(aptFolder(dataRoot), "apt.conf");
  const exists = await access(config).then(
    () => true,
    () => false,
  );
  return exists ? { APT_CONFIG: config } : {};
}

function aptFolder(dataRoot: string): string {
  return join(unpackedTools(dataRoot), "apt");
}

/** As root, apt fetches as user _apt where it can write; where it can't it warns and goes on. */
async function openForApt(folder: string): Promise<void> {
  const { mode } = await stat(folder);
  await chmod(folder, mode | 0o711);
}

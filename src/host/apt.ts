import { chmod, mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { DvmError } from "../base/errors.ts";
import { runTool } from "./run-tool.ts";

const hint =
  "DVM can fetch packages on Debian and Ubuntu only, with filled package lists: as root, apt-get update";

/** The real package behind a meta package: its first dependency that matches. */
export async function packageDependency(name: string, pattern: RegExp): Promise<string> {
  const text = await runTool("apt-cache", ["depends", "--no-recommends", name], {
    purpose: `find package ${name}`,
    hint,
  });
  const names = text.split("\n").map((line) => line.replace(/^[ |]*Depends: /, "").trim());
  const found = names.find((line) => pattern.test(line));
  if (found === undefined)
    throw new DvmError("unavailable", `cannot find package ${name}: apt-cache doesn't know it`, {
      hint,
    });
  return found;
}

/** Fetches a package's archive into `folder`; needs no root. Gives the archive's path. */
export async function downloadPackage(
  name: string,
  folder: string,
  signal?: AbortSignal,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  await openForApt(folder);
  const options = { purpose: `download package ${name}`, hint, cwd: folder };
  await runTool("apt-get", ["download", "-qq", name], signal ? { ...options, signal } : options);
  const archive = (await readdir(folder)).find((file) => file.startsWith(`${name}_`));
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
  const options = { purpose: `unpack ${archive}` };
  await mkdir(folder, { recursive: true });
  await runTool("dpkg-deb", ["-x", archive, folder], signal ? { ...options, signal } : options);
}

/** As root, apt fetches as user _apt where it can write; where it can't it warns and goes on. */
async function openForApt(folder: string): Promise<void> {
  const { mode } = await stat(folder);
  await chmod(folder, mode | 0o711);
}

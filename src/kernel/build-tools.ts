import { access } from "node:fs/promises";
import { join } from "node:path";
import { toolPath } from "../host/tool-environment.ts";

/** What compiling a kernel takes: a program of the PATH or a file, and the package that brings it. */
const needs = [
  { program: "make", packageName: "make" },
  { program: "gcc", packageName: "gcc" },
  { program: "ld", packageName: "binutils" },
  { program: "flex", packageName: "flex" },
  { program: "bison", packageName: "bison" },
  { program: "bc", packageName: "bc" },
  { program: "patch", packageName: "patch" },
  { program: "xz", packageName: "xz-utils" },
  { file: "/usr/include/stdio.h", packageName: "libc6-dev" },
  { file: "/usr/include/libelf.h", packageName: "libelf-dev" },
];

/** Packages that have to be installed before a kernel can be built. */
export async function missingBuildPackages(): Promise<string[]> {
  const missing: string[] = [];
  for (const { program, file, packageName } of needs) {
    const paths = file === undefined ? candidates(program) : [file];
    const found = await Promise.all(paths.map(exists));
    if (!found.includes(true)) missing.push(packageName);
  }
  return missing;
}

function candidates(program: string): string[] {
  return toolPath()
    .split(":")
    .map((folder) => join(folder, program));
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

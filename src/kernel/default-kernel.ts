import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ignore } from "../base/errors.ts";
import { writeAtomically } from "../host/write-atomically.ts";
import { storedKernels, type StoredKernel } from "./kernel.ts";

/** From the best one. */
const preference = ["hyper", "stock"];

/** The kernel that machines start with when none is named; undefined: it is not in the store. */
export async function defaultKernel(dataRoot: string): Promise<StoredKernel | undefined> {
  const kernels = await storedKernels(dataRoot);
  const chosen = await readDefaultKernel(dataRoot);
  for (const want of chosen === undefined ? preference : [chosen]) {
    const kernel = kernels.find(({ name, id }) => name === want || id === want);
    if (kernel !== undefined) return kernel;
  }
  return undefined;
}

/** Name or id that `dvm kernel use` has set; undefined: the best there is. */
export async function readDefaultKernel(dataRoot: string): Promise<string | undefined> {
  const text = await ignore("ENOENT", () => readFile(defaultFile(dataRoot), "utf8"));
  const name = text?.trim() ?? "";
  return name === "" ? undefined : name;
}

export async function writeDefaultKernel(
  dataRoot: string,
  name: string | undefined,
): Promise<void> {
  if (name === undefined) await rm(defaultFile(dataRoot), { force: true });
  else await writeAtomically(defaultFile(dataRoot), `${name}\n`);
}

function defaultFile(dataRoot: string): string {
  return join(dataRoot, "kernel-default");
}

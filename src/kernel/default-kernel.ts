import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ignore } from "../base/errors.ts";
import { writeAtomically } from "../host/write-atomically.ts";

/** The kernel that machines start with when none is named, as `dvm kernel use` has set it. */
export async function readDefaultKernel(dataRoot: string): Promise<string | undefined> {
  const text = await ignore("ENOENT", () => readFile(defaultFile(dataRoot), "utf8"));
  const name = text?.trim() ?? "";
  return name === "" ? undefined : name;
}

/** `undefined`: the best there is. */
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

import { fileURLToPath } from "node:url";
import { DvmError } from "../../../base/errors.ts";
import { madeBinary } from "../../../host/made-binary.ts";

const sources = {
  folder: fileURLToPath(new URL("../../../../vmm", import.meta.url)),
  name: "private_ram.so",
  what: "what keeps a clone's memory apart from its template's",
};

/** The path of `vmm/private_ram.c`, compiled; undefined on a host that can't. */
export async function privateRam(dataRoot: string): Promise<string | undefined> {
  try {
    return await madeBinary(dataRoot, sources);
  } catch (error) {
    if (error instanceof DvmError) return undefined;
    throw error;
  }
}

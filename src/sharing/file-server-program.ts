import { fileURLToPath } from "node:url";
import { isMade, madeBinary, type BinarySources } from "../host/made-binary.ts";

const sources: BinarySources = {
  folder: fileURLToPath(new URL("../../fileserver", import.meta.url)),
  name: "dvm-fileserver",
  what: "the file server for binds and volumes",
};

/** The path of the static executable. */
export async function fileServerProgram(dataRoot: string): Promise<string> {
  return madeBinary(dataRoot, sources);
}

/** Whether it is there already, so that no compiler is needed. */
export async function hasFileServerProgram(dataRoot: string): Promise<boolean> {
  return isMade(dataRoot, sources);
}

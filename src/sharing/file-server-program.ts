import { fileURLToPath } from "node:url";
import type { BinarySources } from "../host/made-binary.ts";

/** Of the static executable that serves a machine files of the host. */
export const fileServerProgram: BinarySources = {
  folder: fileURLToPath(new URL("../../fileserver", import.meta.url)),
  name: "dvm-fileserver",
  besides: fileURLToPath(new URL("../../guest", import.meta.url)),
  what: "the file server for binds and volumes",
};

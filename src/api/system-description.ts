import { release } from "node:os";
import { newestApiVersion, oldestApiVersion } from "./api-version.ts";

export const dvmVersion = "0.1.0";

/** `GET /version`. Docker's clients print the words of these fields, whoever gives them. */
export function describeVersion() {
  const details = {
    ApiVersion: newestApiVersion,
    MinAPIVersion: oldestApiVersion,
    GitCommit: "",
    GoVersion: `node${process.versions.node}`,
    Os: "linux",
    Arch: "amd64",
    KernelVersion: release(),
    BuildTime: "",
  };
  const engine = { ...details, Experimental: "false" };
  return {
    Platform: { Name: "DVM" },
    Components: [{ Name: "Engine", Version: dvmVersion, Details: engine }],
    Version: dvmVersion,
    ...details,
  };
}

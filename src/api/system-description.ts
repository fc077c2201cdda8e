import { release } from "node:os";
import type { Engine } from "../engine/core.ts";
import { newestApiVersion, oldestApiVersion } from "./api-version.ts";

export const dvmVersion = "0.1.0";

/** `GET /version`. Docker's clients print the words of these fields, whoever gives them. */
export function describeVersion({ parts }: Engine) {
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
  const { experimental } = parts.settings();
  const engine = { ...details, Experimental: String(experimental) };
  return {
    Platform: { Name: "DVM" },
    Components: [{ Name: "Engine", Version: dvmVersion, Details: engine }],
    Version: dvmVersion,
    ...details,
    ...(experimental ? { Experimental: true } : {}),
  };
}

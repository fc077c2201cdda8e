import { DvmError } from "../../../base/errors.ts";
import type { HostConfig } from "../../records.ts";

/** What dockerd has; DVM has the first. */
const logDrivers = [
  ...["json-file", "local", "none", "journald", "syslog", "gelf", "fluentd", "awslogs", "splunk"],
  ...["gcplogs", "etwlogs"],
];
const jsonFileOptions = new Set([
  ...["max-file", "max-size", "compress", "labels", "labels-regex", "env", "env-regex", "tag"],
  ...["mode", "max-buffer-size", "cache-disabled", "cache-max-file", "cache-max-size"],
  "cache-compress",
]);

/** Without a type it is the daemon's default driver. */
export function checkLogging({ LogConfig: { Type: given, Config } }: HostConfig): void {
  const Type = given || "json-file";
  if (!logDrivers.includes(Type))
    throw new DvmError(
      "invalid",
      `error looking up logging plugin ${Type}: plugin "${Type}" not found`,
    );
  if (Type !== "json-file")
    throw new DvmError("unsupported", `cannot use log driver ${Type}: DVM has json-file only`);
  const unknown = Object.keys(Config).find((name) => !jsonFileOptions.has(name));
  if (unknown !== undefined)
    throw new DvmError("invalid", `unknown log opt '${unknown}' for json-file log driver`);
}

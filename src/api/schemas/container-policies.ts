import { DvmError } from "../../base/errors.ts";
import type { HostConfig } from "../../engine/records.ts";

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
const restartPolicies = ["no", "always", "on-failure", "unless-stopped"];

/** What no dockerd takes is refused in its words, what DVM doesn't do in DVM's own. */
export function checkPolicies(hostConfig: HostConfig): void {
  checkRestart(hostConfig);
  checkLogging(hostConfig);
}

function checkRestart({ RestartPolicy, AutoRemove }: HostConfig): void {
  const { Name, MaximumRetryCount } = RestartPolicy;
  if (AutoRemove && Name !== "no")
    throw new DvmError("invalid", "can't create 'AutoRemove' container with restart policy");
  if (!restartPolicies.includes(Name))
    throw new DvmError(
      "invalid",
      `invalid restart policy: unknown policy '${Name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  if (Name !== "on-failure" && MaximumRetryCount !== 0)
    throw new DvmError(
      "invalid",
      "invalid restart policy: maximum retry count can only be used with 'on-failure'",
    );
  if (Name !== "no")
    throw new DvmError(
      "unsupported",
      `cannot use restart policy ${Name}: DVM does not restart containers yet`,
    );
}

/** Without a type it is the daemon's default driver. */
function checkLogging({ LogConfig: { Type: given, Config } }: HostConfig): void {
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

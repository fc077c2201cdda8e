import { DvmError } from "../../../base/errors.ts";
import type { HostConfig } from "../../records.ts";

const policies = ["no", "always", "on-failure", "unless-stopped"];

/** What no dockerd takes is refused in its words. */
export function checkRestart({
  RestartPolicy,
  AutoRemove,
}: Pick<HostConfig, "RestartPolicy" | "AutoRemove">): void {
  const { Name, MaximumRetryCount } = RestartPolicy;
  if (AutoRemove && Name !== "no")
    throw new DvmError("invalid", "can't create 'AutoRemove' container with restart policy");
  if (!policies.includes(Name))
    throw new DvmError(
      "invalid",
      `invalid restart policy: unknown policy '${Name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  const isNegative = MaximumRetryCount < 0;
  if (Name !== "on-failure" && MaximumRetryCount !== 0)
    throw new DvmError(
      "invalid",
      `invalid restart policy: maximum retry count can only be used with 'on-failure'${isNegative ? " and cannot be negative" : ""}`,
    );
  if (isNegative)
    throw new DvmError("invalid", "invalid restart policy: maximum retry count cannot be negative");
}

import { DvmError } from "../../../base/errors.ts";
import type { HostConfig } from "../../records.ts";

const policies = ["no", "always", "on-failure", "unless-stopped"];

/** What no dockerd takes is refused in its words, what DVM doesn't do in DVM's own. */
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

import { DvmError } from "../../../base/errors.ts";
import type { ContainerConfig } from "../../records.ts";
import { parseSignal } from "../../../base/signals.ts";
import { checkHealth } from "./check-health.ts";

/** What goes with the container, as Docker looks at it (daemon/container.go). */
export function checkConfig(config: ContainerConfig): void {
  const { WorkingDir, StopSignal = "", Env } = config;
  if (WorkingDir !== "" && !WorkingDir.startsWith("/"))
    throw new DvmError(
      "invalid",
      `the working directory '${WorkingDir}' is invalid, it needs to be an absolute path`,
    );
  // that there is no such number, a stop finds out
  if (StopSignal !== "") parseSignal(StopSignal);
  for (const setting of Env ?? [])
    if (setting === "" || setting.startsWith("="))
      throw new DvmError("invalid", `invalid environment variable: ${setting}`);
  checkHealth(config.Healthcheck);
}

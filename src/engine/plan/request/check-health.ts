import { DvmError } from "../../../base/errors.ts";
import type { ContainerConfig } from "../../records.ts";

/** A check that nobody runs would say that all is well. */
export function checkHealth({ Healthcheck }: ContainerConfig): void {
  const [kind] = Healthcheck?.Test ?? [];
  if (kind === undefined || kind === "NONE") return;
  throw new DvmError("unsupported", "cannot use a health check: DVM does not run them yet", {
    hint: "--no-healthcheck leaves it out",
  });
}

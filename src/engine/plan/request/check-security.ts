import type { HostConfig } from "../../records.ts";
import { capabilityMask } from "../capability-mask.ts";
import { checkSecurityOptions } from "../security-options.ts";

/** What its processes may do and see. */
export function checkSecurity(hostConfig: HostConfig): void {
  const { CapAdd, CapDrop, SecurityOpt } = hostConfig;
  capabilityMask({ add: CapAdd ?? [], drop: CapDrop ?? [], privileged: false });
  checkSecurityOptions(SecurityOpt ?? []);
}

import { DvmError } from "../../../base/errors.ts";
import { egressLabel, parseEgress } from "../../../network/egress/egress-policy.ts";
import { type HostConfig, sharingContainer } from "../../records.ts";

/** What a container may reach is said by one of its labels, so that compose files carry it. */
export function checkEgress(
  labels: Readonly<Record<string, string>>,
  { NetworkMode }: Pick<HostConfig, "NetworkMode">,
): void {
  const said = labels[egressLabel];
  if (said === undefined) return;
  parseEgress(said);
  if (sharingContainer(NetworkMode) !== undefined)
    throw new DvmError(
      "invalid",
      "conflicting options: egress rules and the container type network mode",
    );
}

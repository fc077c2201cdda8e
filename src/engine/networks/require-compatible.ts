import { DvmError } from "../../base/errors.ts";
import { type ContainerRecord, type NetworkRecord, sharingContainer } from "../records.ts";

/** Fails, in Docker's words, where a container can't be in `network` beside `others`. */
export function requireCompatible(
  { request }: Pick<ContainerRecord, "request">,
  network: NetworkRecord,
  others: readonly { network: NetworkRecord }[],
): void {
  const mode = request.hostConfig.NetworkMode;
  if (sharingContainer(mode) !== undefined)
    throw new DvmError(
      "invalid",
      "container sharing network namespace with another container or host cannot be connected to any other network",
    );
  if (mode !== "host" && network.driver === "host")
    throw new DvmError(
      "invalid",
      "cannot connect container to host network - container must be created in host network mode",
    );
  const names = others.map((one) => one.network.name).filter((name) => name !== network.name);
  if (names.length > 0 && [...names, network.name].includes("none"))
    throw new DvmError(
      "invalid",
      "container cannot be connected to multiple networks with one of the networks in private (none) mode",
    );
}

import { userNetwork } from "../../network/user-network.ts";
import type { Engine } from "../core.ts";
import { isForwarded, type MachinePlan, type SpecialMount } from "../plan.ts";
import type { BoundPort } from "../records.ts";
import type { RunningMachine } from "../runs.ts";

/** Opens the ways to sockets of the host that are bound into a container. */
export async function grantSockets(
  { forwarder }: RunningMachine,
  containerId: string,
  specials: readonly SpecialMount[],
): Promise<void> {
  for (const { kind, name, mount } of specials)
    if (kind === "socket") await forwarder.grant(containerId, name, mount.source);
}

/** Lets a container ask for names, where it is to have a resolver. */
export async function grantNames(
  { names }: Engine["parts"],
  { forwarder }: RunningMachine,
  { containerId, naming }: Pick<MachinePlan, "containerId" | "naming">,
): Promise<void> {
  if (naming.names === undefined) return;
  await names.set(naming.names);
  await forwarder.grant(containerId, naming.setup.relay, names.socketOf(containerId));
}

/** Opens a container's TCP ports. Gives all its ports, with their numbers. */
export async function openPorts(
  { forwarder }: RunningMachine,
  plan: MachinePlan,
): Promise<BoundPort[]> {
  const ports: BoundPort[] = [];
  for (const { ofBothFamilies = false, ...port } of plan.ports) {
    if (!isForwarded(plan, port)) {
      ports.push(port);
      continue;
    }
    const wanted = {
      address: port.hostAddress,
      port: port.hostPort,
      guestAddress: userNetwork.address.replace(/\/.*$/, ""),
      guestPort: port.containerPort,
    };
    const hostPort = await forwarder.listen(plan.containerId, wanted);
    ports.push({ ...port, hostPort });
    const other = { ...wanted, address: "::", port: hostPort };
    if (ofBothFamilies && (await forwarder.listenIfThere(plan.containerId, other)))
      ports.push({ ...port, hostAddress: "::", hostPort });
  }
  return ports;
}

import type { SwitchPlace } from "../../network/forwarder.ts";
import { overlapping } from "../../network/port-overlap.ts";
import { userNetwork } from "../../network/user-network.ts";
import type { Engine } from "../core.ts";
import { hasOwnNetwork, isForwarded, type MachinePlan, type SpecialMount } from "../plan.ts";
import type { BoundPort } from "../records.ts";
import type { RunningMachine } from "../runs.ts";
import { portNetwork } from "./port-network.ts";
import { portError } from "./reserve-ports.ts";
import { withoutPrefix } from "../../network/without-prefix.ts";

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

/** Opens a container's ports, but for those that its machine's VMM opens. */
export async function openPorts(
  engine: Engine,
  machine: RunningMachine,
  plan: MachinePlan,
): Promise<void> {
  const place = portNetwork(engine, plan.endpoints);
  if (place === undefined) return;
  if (!hasOwnNetwork(plan))
    return publishPorts(machine, plan.containerId, { ports: plan.ports, place });
  await listenAtPorts(machine, plan);
}

const ownNetwork = { ipv4: userNetwork.address, ipv6: "" };

async function listenAtPorts({ forwarder }: RunningMachine, plan: MachinePlan): Promise<void> {
  for (const port of plan.ports) {
    if (!isForwarded(plan, port)) continue;
    const { hostAddress: address, hostPort, containerPort } = port;
    const wanted = { address, port: hostPort, guestPort: containerPort };
    const guestAddress = withoutPrefix(userNetwork.address);
    const fault = await forwarder.listen(plan.containerId, { ...wanted, guestAddress });
    if (fault !== undefined)
      throw portError({ protocol: "tcp", ...wanted }, { port, network: ownNetwork, fault });
  }
}

/** Opens a container's ports, which lead to where it is on the switch. */
export async function publishPorts(
  { forwarder }: RunningMachine,
  containerId: string,
  { ports, place }: { ports: readonly BoundPort[]; place: SwitchPlace },
): Promise<void> {
  if (ports.length === 0) return;
  await forwarder.lead(containerId, place);
  const opened: BoundPort[] = [];
  for (const port of ports) {
    // twice the same of UDP is once, as in Docker
    if (overlapping(port, opened) !== undefined) continue;
    const { protocol, hostAddress: address, hostPort, containerPort } = port;
    const wanted = { protocol, address, port: hostPort };
    const fault = await forwarder.publish(containerId, { ...wanted, guestPort: containerPort });
    if (fault !== undefined) throw portError(wanted, { port, network: place, fault });
    opened.push(port);
  }
}

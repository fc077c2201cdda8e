import { createHash } from "node:crypto";
import { userNetwork } from "../../network/user-network.ts";
import { hostAddress } from "../../network/host-address.ts";
import type { Engine } from "../core.ts";
import type { NetworkPool, NetworkRecord } from "../records.ts";
import { allocatePools } from "./allocate-pools.ts";
import { driverOption } from "./driver-options.ts";

/** As Docker calls its own; nobody but the switch sees it. */
const bridgeName = "docker0";

/** Makes the networks that every engine has, where they aren't there or are to be others now. */
export async function makePredefined(engine: Engine): Promise<void> {
  const { networks, identity } = engine;
  const common = { createdAt: identity.createdAt, ...nothingSpecial, pools: [] };
  for (const [name, driver] of [
    ["none", "null"],
    ["host", "host"],
  ] as const)
    if (networks.named(name) === undefined)
      networks.save({ ...common, version: 1, id: networkId(engine, name), name, driver });
  await makeBridge(engine);
}

const nothingSpecial = {
  ...{ scope: "local", ipv4: true, ipv6: false, internal: false, attachable: false },
  ...{ configOnly: false, configFrom: "", labels: {}, options: {} },
  ipam: { driver: "default", options: null, config: [] },
};

/** One that containers are in stays as it is. */
async function makeBridge(engine: Engine): Promise<void> {
  const { networks, identity } = engine;
  const id = networkId(engine, "bridge");
  const before = networks.get(id);
  if (networks.leases.of(id).length > 0) return;
  const isSwitched = (await engine.switchRefusal()) === undefined;
  const bindingIp = { [driverOption.bindingIp]: engine.parts.settings().publishAddress };
  if (before !== undefined && isSwitched === isOfSwitch(before))
    return networks.save({ ...before, options: { ...before.options, ...bindingIp } });
  if (before !== undefined) networks.remove(id);
  networks.save({
    ...nothingSpecial,
    ...{ version: 1, id, name: "bridge", createdAt: identity.createdAt, driver: "bridge" },
    options: {
      "com.docker.network.bridge.default_bridge": "true",
      [driverOption.icc]: String(isSwitched),
      [driverOption.masquerade]: "true",
      ...bindingIp,
      ...(isSwitched ? { [driverOption.name]: bridgeName } : {}),
      [driverOption.mtu]: "1500",
    },
    pools: isSwitched
      ? allocatePools(engine, { ipv4: true, ipv6: false, config: [] })
      : [ownPool()],
  });
}

/** Whether a network's machines are on the switch; else each has one of its own. */
export function isOfSwitch({ pools }: Pick<NetworkRecord, "pools">): boolean {
  return pools[0]?.subnet !== userNetwork.subnet;
}

/**
 * The subnet is each machine's own. The gateway is an address of the host: clients that run in a
 * container take it for where published ports are, which the machines' own gateway isn't.
 */
function ownPool(): NetworkPool {
  const { subnet } = userNetwork;
  return { subnet, range: subnet, gateway: hostAddress(), reserved: [], isAsked: false };
}

/** The same for as long as the engine's data root lives. */
function networkId({ identity }: Engine, name: string): string {
  return createHash("sha256").update(`${identity.id} network ${name}`).digest("hex");
}

import { bridgeName, type SwitchNetwork } from "../../network/switch/switch-types.ts";
import type { NetworkRecord } from "../records.ts";
import { driverOption, parseGoBoolean } from "./driver-options.ts";

/** What the switch is told of a network. */
export function switchNetworkOf(record: NetworkRecord): SwitchNetwork {
  const { id, options, internal, pools } = record;
  const isOn = (key: string) => parseGoBoolean(options[key] ?? "true") ?? true;
  return {
    id,
    bridge: options[driverOption.name] ?? bridgeName(id, false),
    mtu: mtuOf(record),
    subnets: pools.map(({ subnet, gateway }) =>
      gateway === "" ? { subnet } : { subnet, gateway },
    ),
    internal,
    isolated: !isOn(driverOption.icc),
    masquerade: isOn(driverOption.masquerade),
  };
}

/** 0: nobody chose one. */
export function mtuOf({ options }: Pick<NetworkRecord, "options">): number {
  return Number(options[driverOption.mtu] ?? 0);
}

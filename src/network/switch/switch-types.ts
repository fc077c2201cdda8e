/** A network as the switch has it: a bridge, and what may leave it. */
export interface SwitchNetwork {
  id: string;
  /** Its bridge's name, see {@link bridgeName}. */
  bridge: string;
  mtu: number;
  /** The gateways, in the prefix of their subnets, are the bridge's own addresses. */
  subnets: { subnet: string; gateway?: string }[];
  /** Nothing leaves it. */
  internal: boolean;
  /** Those that are attached don't reach each other. */
  isolated: boolean;
  /** What leaves it has the switch's address, not its own. */
  masquerade: boolean;
}

/** A machine's card on a network. */
export interface Attachment {
  tap: string;
  /** The network's id. */
  network: string;
  mac: string;
  /** With prefix, IPv4 and IPv6: from no other is anything taken. */
  addresses: string[];
  /** Whether the address that stands for the host is open to it. */
  hostAccess?: boolean;
}

/** Of a machine's card; Linux takes 15 characters. */
export function tapName(machineId: string, index: number): string {
  return `t${machineId.slice(0, 12)}${index}`;
}

/** Of a network; `isDefault`: of the one that containers are in who ask for none. */
export function bridgeName(networkId: string, isDefault: boolean): string {
  return isDefault ? "dvm0" : `br-${networkId.slice(0, 12)}`;
}

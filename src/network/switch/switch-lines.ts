import type { Attachment, SwitchNetwork } from "./switch-types.ts";

/** What is said to dvm-switch (switch/control.h). */
export function networkLine(network: SwitchNetwork): string {
  const { bridge, mtu, internal, masquerade, isolated } = network;
  const addresses = network.subnets.flatMap(({ subnet, gateway }) =>
    gateway === undefined ? [] : [`${gateway}/${subnet.replace(/^.*\//, "")}`],
  );
  const traits = { internal, masquerade, isolated };
  return `network ${bridge} ${mtu} ${words(addresses)} ${words(named(traits))}`;
}

/** @see networkLine */
export function attachLine(attachment: Attachment, network: SwitchNetwork): string {
  const { tap, mac, addresses, hostAccess = false } = attachment;
  const traits = { isolated: network.isolated, host: hostAccess };
  const plain = addresses.map((one) => one.replace(/\/\d+$/, ""));
  return `attach ${tap} ${network.bridge} ${mac} ${words(plain)} ${words(named(traits))}`;
}

function named(traits: Record<string, boolean>): string[] {
  return Object.keys(traits).filter((name) => traits[name]);
}

function words(list: readonly string[]): string {
  return list.length === 0 ? "-" : list.join(",");
}

import type { UplinkPlan } from "./uplink-plan.ts";

/**
 * Statements of nft(8) that make the host's one table of a switch anew, and touch nothing else.
 * `onlyOurs`: nobody else has anything forwarded, so that nothing else is to be now.
 */
export function hostRules(plan: UplinkPlan, onlyOurs: boolean): string {
  const { table, interface: name, four, six } = plan;
  const others = `iifname != "dvm-*" oifname != "dvm-*" drop`;
  return `table inet ${table}
delete table inet ${table}
table inet ${table} {
  chain forward {
    type filter hook forward priority filter - 1; policy accept;
    iifname "${name}" accept
    oifname "${name}" ct state established,related accept
    oifname "${name}" drop
    ${onlyOurs ? others : ""}
  }
  chain leave {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${four.subnet} oifname != "${name}" masquerade
    ip6 saddr ${six.subnet} oifname != "${name}" masquerade
  }
}
`;
}

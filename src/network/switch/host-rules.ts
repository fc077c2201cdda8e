import type { UplinkPlan } from "./uplink-plan.ts";

/**
 * Statements of nft(8) that make the host's one table of a switch anew, and touch nothing else.
 * What stands for the host leads to its loopback, and nothing else does. `onlyOurs`: nobody else has anything forwarded, so that nothing else is to be now.
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
  chain arrive {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "${name}" ip daddr ${four.outside} meta l4proto { tcp, udp } dnat ip to 127.0.0.1
  }
  chain input {
    type filter hook input priority filter - 1; policy accept;
    iifname "${name}" ct status dnat accept
    iifname "${name}" ip daddr 127.0.0.0/8 drop
  }
  chain leave {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${four.subnet} oifname != "${name}" masquerade
    ip6 saddr ${six.subnet} oifname != "${name}" masquerade
  }
}
`;
}

import { randomBytes } from "node:crypto";
import type { CardSetup, Confinement, ContainerSetup } from "../../agent/agent-client.ts";
import { userNetwork } from "../../network/user-network.ts";
import { diskNames } from "../../supply/disk-names.ts";
import { noLimits } from "./container-limits.ts";
import { noNetwork } from "./machine-plan.ts";

/** Of a container that asks for nothing; `card` is the machine's, if it has one. */
export function plainSetup(card: CardSetup | undefined, confinement: Confinement): ContainerSetup {
  const { nameserver } = userNetwork;
  return {
    disks: diskNames(0),
    hostname: "plain",
    machineId: randomBytes(16).toString("hex"),
    readOnlyRoot: false,
    network: card ? { ...noNetwork, cards: [card] } : noNetwork,
    naming: {
      hosts: "127.0.0.1\tlocalhost\n",
      resolver: card ? `nameserver ${nameserver}\n` : "",
      relay: "",
    },
    mounts: [],
    shmSizeBytes: 0,
    sysctls: {},
    privileged: false,
    confinement,
    limits: noLimits,
  };
}

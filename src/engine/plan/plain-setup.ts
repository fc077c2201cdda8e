import { randomBytes } from "node:crypto";
import type { Confinement, ContainerSetup } from "../../agent/agent-client.ts";
import { userNetwork } from "../../network/user-network.ts";
import { diskNames } from "../../supply/disk-names.ts";
import { noLimits } from "./container-limits.ts";
import { noNetwork } from "./machine-plan.ts";
import { userCard } from "./user-card.ts";

/** Of a container that asks for nothing; `mac` is that of the machine's network card, if it has one. */
export function plainSetup(mac: string | undefined, confinement: Confinement): ContainerSetup {
  const { nameserver } = userNetwork;
  return {
    disks: diskNames(0),
    hostname: "plain",
    machineId: randomBytes(16).toString("hex"),
    readOnlyRoot: false,
    network: mac ? { ...noNetwork, cards: [userCard(mac)] } : noNetwork,
    naming: {
      hosts: "127.0.0.1\tlocalhost\n",
      resolver: mac ? `nameserver ${nameserver}\n` : "",
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

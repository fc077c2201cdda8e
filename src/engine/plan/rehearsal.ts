import { randomBytes } from "node:crypto";
import { userNetwork } from "../../network/user-network.ts";
import type { ContainerSetup, ProcessSpec } from "../../agent/agent-client.ts";
import { diskNames } from "../../supply/disk-names.ts";
import type { RunSpecification } from "../records.ts";
import { defaultShmBytes, noNetwork } from "./machine-plan.ts";
import { mainProcessSpec } from "./process-spec.ts";

/**
 * What a machine goes through before it has a container, so that its start is quicker. Other
 * containers get that machine or its clones: nothing of this one is in it but the names of its
 * program, folder and user.
 */
export function rehearsedProcess(run: RunSpecification): ProcessSpec {
  const spec = mainProcessSpec(run);
  return {
    ...spec,
    args: spec.args.slice(0, 1),
    env: spec.env.filter((entry) => entry.startsWith("PATH=")),
    stdin: false,
    tty: false,
    rlimits: [],
    init: false,
  };
}

/** The set-up that goes with it; `mac` is that of the machine's network card, if it has one. */
export function rehearsedSetup(mac: string | undefined): ContainerSetup {
  const { address, gateway, nameserver } = userNetwork;
  return {
    disks: diskNames(0),
    hostname: "rehearsal",
    machineId: randomBytes(16).toString("hex"),
    readOnlyRoot: false,
    network: mac
      ? { ...noNetwork, cards: [{ index: 0, address, gateway, mac }], nameservers: [nameserver] }
      : noNetwork,
    extraHosts: [],
    mounts: [],
    shmSizeBytes: defaultShmBytes,
    sysctls: {},
    privileged: false,
  };
}

import { stat } from "node:fs/promises";
import { ignore } from "../../base/errors.ts";
import { newId, newMacAddress } from "../../base/ids.ts";
import { userNetwork } from "../../network/user-network.ts";
import { machineFolder } from "../../supply/machine-folders.ts";
import type { Engine } from "../core.ts";
import type { RunSpecification } from "../records.ts";
import type { PortToOpen } from "./port-map.ts";
import type { MachinePlan } from "./machine-plan.ts";
import { placeDevices } from "./place-devices.ts";
import { placeMounts } from "./place-mounts.ts";
import { type NamingEndpoint, planNaming } from "./plan-naming.ts";

interface Planned {
  containerId: string;
  run: RunSpecification;
  ports: PortToOpen[];
  /** Name, path or id of the machine's kernel; undefined: the default. */
  kernel: string | undefined;
}

/** What a machine for a container is to be. */
export async function planMachine(engine: Engine, planned: Planned): Promise<MachinePlan> {
  const { parts } = engine;
  const { containerId, run, ports } = planned;
  const machineId = newId();
  const folder = machineFolder(parts.places.runRoot, machineId);
  const scratch = engine.scratchPath(containerId);
  const kernel = await parts.chooseKernel(planned.kernel);
  const { accelerator } = await parts.hypervisor.chooseAccelerator(
    run.machine.accelerator ?? "auto",
    kernel,
  );
  return {
    mac: askedMac(run) ?? newMacAddress(),
    ...{ machineId, containerId, run, ports, kernel, accelerator, folder },
    naming: planNaming({
      ...{ containerId, run, resolver: await parts.hostResolver() },
      endpoints: run.network === undefined ? [] : [machinesOwn],
      hostGateway: [userNetwork.gateway],
    }),
    tscKhz: await parts.tscKhz(),
    imageDisk: (await parts.images.disk(run.imageId)).path,
    scratch: { path: scratch, isNew: (await ignore("ENOENT", () => stat(scratch))) === undefined },
    ...(await placeMounts(engine, containerId, run.mounts)),
    ...(await placeDevices(run.confinement.devices)),
    forwardsTcp: parts.hypervisor.capabilities.connections,
    hostCpus: parts.hostCpus,
  };
}

/** Of a machine that has a network of its own. */
const machinesOwn: NamingEndpoint = {
  ...{ network: "bridge", networkId: "", isUser: true, internal: false },
  ...{ ipv4: userNetwork.address, ipv6: "", names: [], links: [] },
};

/** The address that somebody chose for the container's first card; undefined: nobody did. */
export function askedMac({ networks }: RunSpecification): string | undefined {
  const [first] = networks;
  return first === undefined || first.mac === "" ? undefined : first.mac;
}

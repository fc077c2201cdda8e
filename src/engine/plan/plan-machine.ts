import { stat } from "node:fs/promises";
import { ignore } from "../../base/errors.ts";
import { newId, newMacAddress } from "../../base/ids.ts";
import { userNetwork } from "../../network/user-network.ts";
import type { TapSource } from "../../machine/machine.ts";
import { machineFolder } from "../../supply/machine-folders.ts";
import { egressOf, type Engine } from "../core.ts";
import type { BoundPort, RunEndpoint, RunSpecification } from "../records.ts";
import type { MachinePlan } from "./machine-plan.ts";
import { placeDevices } from "./place-devices.ts";
import { placeMounts } from "./place-mounts.ts";
import { namingEndpoints } from "./naming-endpoints.ts";
import { planNaming } from "./plan-naming.ts";

interface Planned {
  containerId: string;
  run: RunSpecification;
  endpoints: RunEndpoint[];
  ports: BoundPort[];
  /** Name, path or id of the machine's kernel; undefined: the default. */
  kernel: string | undefined;
}

/** What a machine for a container is to be. */
export async function planMachine(engine: Engine, planned: Planned): Promise<MachinePlan> {
  const { parts } = engine;
  const { containerId, run, ports, endpoints } = planned;
  const machineId = newId();
  const folder = machineFolder(parts.places.runRoot, machineId);
  const scratch = engine.scratchPath(containerId);
  const kernel = await parts.chooseKernel(planned.kernel);
  const { accelerator } = await parts.hypervisor.chooseAccelerator(
    run.machine.accelerator ?? "auto",
    kernel,
  );
  const taps = await tapSource(engine);
  return {
    mac: askedMac(run) ?? newMacAddress(),
    taps,
    devicePlaces: parts.hypervisor.capabilities.devices,
    ...{ machineId, containerId, endpoints, run, ports, kernel, accelerator, folder },
    naming: planNaming({
      ...{ containerId, run, resolver: await parts.hostResolver() },
      egress: egressOf(engine, containerId, endpoints),
      endpoints: namingEndpoints(engine, { run, endpoints, isUser: taps === undefined }),
      hostGateway: taps === undefined ? [userNetwork.gateway] : await engine.hostGateway(),
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

/** The address that somebody chose for the container's first card; undefined: nobody did. */
export function askedMac({ networks }: RunSpecification): string | undefined {
  const [first] = networks;
  return first === undefined || first.mac === "" ? undefined : first.mac;
}

/** Where machines have their cards from; undefined: each has a network of its own. */
export async function tapSource(engine: Engine): Promise<TapSource | undefined> {
  if ((await engine.switchRefusal()) !== undefined) return undefined;
  const { switch: networkSwitch } = engine.parts;
  const launcher = await networkSwitch.launcher();
  return { launcher, descriptorSocket: networkSwitch.descriptorSocket };
}

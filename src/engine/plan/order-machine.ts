import type { PublishedPort } from "../../machine/machine.ts";
import { publishedPorts } from "../../machine/nics.ts";
import { scratchBytes } from "../../storage/scratch.ts";
import type { MachineOrder } from "../../supply/machine-order.ts";
import type { Mount, RunSpecification } from "../records.ts";
import { plainConfinement } from "./confinement.ts";
import { machineSetup, machineSpec, type MachinePlan } from "./machine-plan.ts";
import { plainSetup } from "./plain-setup.ts";
import { preparedCard } from "./prepared-card.ts";
import { rehearsedProcess } from "./rehearsal.ts";

/** What is ordered for a planned machine, and the ports to open when it comes without. Pure. */
export function orderOf(plan: MachinePlan): MachineOrder & { ports: PublishedPort[] } {
  const { run, kernel, scratch } = plan;
  const spec = machineSpec(plan);
  return {
    ...{ spec, kernel, scratch },
    preparedCards: [preparedCard(plan, "") ?? []].flat(),
    imageId: run.imageId,
    noTemplate:
      run.machine.noTemplate ||
      // its disk would end sooner in a clone
      (run.diskBytes ?? 0) > scratchBytes ||
      plan.deviceDisks.length > 0,
    rehearsed: mayMountImageAhead(run)
      ? {
          process: rehearsedProcess(run),
          setup: (mac) => plainSetup(preparedCard(plan, mac ?? ""), plainConfinement(kernel)),
          machine: machineSetup,
        }
      : undefined,
    ports: publishedPorts(spec.nics),
  };
}

const systemFolder = /^\/(?:dev|proc|sys)(?:\/|$)/;

/** What a prepared machine can't change any more must not be asked for. */
function mayMountImageAhead(run: RunSpecification): boolean {
  const { process, inside, mounts, confinement } = run;
  return (
    !process.privileged &&
    confinement.maskedPaths === null &&
    confinement.readOnlyPaths === null &&
    !confinement.writableCgroups &&
    Object.keys(inside.sysctls).length === 0 &&
    !mounts.some(({ target }: Mount) => systemFolder.test(target))
  );
}

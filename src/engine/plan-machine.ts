import { stat } from "node:fs/promises";
import { ignore } from "../base/errors.ts";
import type { ContainerRecord } from "./container-record.ts";
import type { Engine } from "./engine.ts";
import type { MachinePlan } from "./machine-plan.ts";
import { placeMounts } from "./place-mounts.ts";

/** What a container's machine is to be; `wanted`: name, path or id of its kernel, undefined for the default. */
export async function planMachine(
  engine: Engine,
  record: ContainerRecord,
  wanted: string | undefined,
): Promise<MachinePlan> {
  const { parts } = engine;
  const wants = record.hostConfig.Dvm;
  const scratch = `${engine.containerFolder(record.id)}/scratch.img`;
  const kernel = await parts.chooseKernel(wanted);
  const { accelerator } = await parts.chooseAccelerator(wants.Accelerator ?? "auto", kernel);
  return {
    record,
    kernel,
    accelerator,
    tscKhz: await parts.tscKhz(),
    imageDisk: (await parts.images.disk(record.imageId)).path,
    scratch: { path: scratch, isNew: (await ignore("ENOENT", () => stat(scratch))) === undefined },
    runFolder: engine.runFolder(record.id),
    placed: await placeMounts(engine, record),
    hostCpus: parts.hostCpus,
  };
}

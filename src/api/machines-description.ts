import type { Engine } from "../engine/core.ts";
import { describePolicy } from "../engine/images.ts";

/** How machines are made here, as pairs that `docker info` prints below the storage driver. */
export async function describeMachines(engine: Engine): Promise<[string, string][]> {
  const { parts } = engine;
  const kernel = await parts.chooseKernel(undefined).catch(() => undefined);
  const accelerator =
    kernel === undefined
      ? undefined
      : await parts.hypervisor.chooseAccelerator("auto", kernel).catch(() => undefined);
  return [
    ["Hypervisor", parts.hypervisor.name],
    ["Accelerators", parts.hypervisor.accelerators.join(", ")],
    ["Accelerator", accelerator?.accelerator ?? "unknown"],
    ["Accelerator reason", accelerator?.reason ?? ""],
    ["Kernel", kernel === undefined ? "none" : `${kernel.name} ${kernel.release}`],
    ["Templates", await describeTemplates(engine)],
    ["Pool", describePool(engine)],
    ["Trust policy", await describePolicy(engine)],
  ];
}

async function describeTemplates({ parts }: Engine): Promise<string> {
  return parts.useTemplates ? String((await parts.templates.list()).length) : "off";
}

function describePool({ supply }: Engine): string {
  const { perShape, machines } = supply.pool.limits;
  if (perShape === 0) return "off";
  const ready = [...supply.pool.ready().values()].reduce((sum, count) => sum + count, 0);
  return `${ready} ready; at most ${perShape} of a kind, ${machines} in all`;
}

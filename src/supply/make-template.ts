import { mkdir, rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { newId } from "../base/ids.ts";
import type { DiskSpec, MachineSpec } from "../machine/machine.ts";
import { withInterfaces, withoutPorts } from "../machine/nics.ts";
import { templateScratch, type Shape, type Template } from "../machine/template-store.ts";
import { makeScratchDisk } from "../storage/scratch.ts";
import { bootMachine } from "./boot-machine.ts";
import { diskNames, emptied, emptyDisks } from "./disk-names.ts";
import { machineFolder } from "./machine-folders.ts";
import type { MachineOrder, SupplyParts } from "./machine-order.ts";

/**
 * What a guest's kernel puts off (the end of the agent's channel, RCU, work queues) shall lie behind
 * the template, not before each of its clones.
 */
const settleMs = 150;
/** Nobody waits for a template with an image: it can let the clock be refined, two seconds after boot. */
const settleWithImageMs = 2_000;

/** Boots a machine of this shape with nothing of a container in it but the image, and saves it. */
export async function makeTemplate(
  parts: SupplyParts,
  { shape, order, signal }: { shape: Shape; order: MachineOrder; signal?: AbortSignal },
): Promise<Template> {
  const id = newId();
  const runFolder = machineFolder(parts.runRoot, id);
  await mkdir(runFolder, { recursive: true, mode: 0o700 });
  try {
    return await parts.templates.add(shape, async (folder) => {
      if (shape.newScratch) await makeScratchDisk(parts.dataRoot, templateScratch(folder));
      const nics = withInterfaces(order.spec.nics, (index) => parts.tapName(id, index));
      const spec = makerSpec(order, folder, { id, runFolder, nics: withoutPorts(nics) });
      const { machine, agent } = await bootMachine(parts.hypervisor, spec, { signal });
      try {
        const image = shape.image === "" ? undefined : order.spec.disks[0];
        if (image !== undefined) await machine.insertDisk(image.name, image);
        await agent.prepare({
          newScratch: shape.newScratch,
          image: image !== undefined,
          disks: diskNames(0),
          cards: order.preparedCards,
        });
        const { rehearsed } = order;
        if (image !== undefined && rehearsed !== undefined) {
          const setup = rehearsed.setup(spec.nics[0]?.mac);
          await agent.rehearse(rehearsed.machine(), setup, rehearsed.process);
        }
        await agent[Symbol.asyncDispose]();
        await delay(image === undefined ? settleMs : settleWithImageMs);
        if (image !== undefined) {
          await machine.pause();
          await machine.ejectDisk(image.name, emptyDisks(0).image);
        }
        await machine.save();
      } finally {
        await agent[Symbol.asyncDispose]();
        await machine.kill();
      }
    });
  } finally {
    await rm(runFolder, { recursive: true, force: true });
  }
}

/** The same devices, with nothing behind them. */
function makerSpec(
  { spec, scratch }: MachineOrder,
  folder: string,
  maker: Pick<MachineSpec, "id" | "runFolder" | "nics">,
): MachineSpec {
  const empty = emptyDisks(0);
  const own: DiskSpec = {
    ...{ name: empty.scratch.name, path: templateScratch(folder) },
    ...{ format: "raw", readOnly: false },
  };
  return {
    ...spec,
    ...maker,
    disks: [empty.image, scratch.isNew ? own : empty.scratch, ...spec.disks.slice(2).map(emptied)],
    template: { folder, use: "make" },
  };
}

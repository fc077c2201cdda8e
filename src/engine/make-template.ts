import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { newId } from "../base/ids.ts";
import type { DiskSpec, MachineSpec } from "../machine/machine.ts";
import { templateScratch, type Shape, type Template } from "../machine/template-store.ts";
import { makeScratchDisk, scratchBytes } from "../storage/scratch.ts";
import { bootMachine } from "./boot-machine.ts";
import type { MachineOrder, SupplyParts } from "./machine-supply.ts";
import { rehearsedSetup } from "./rehearsal.ts";

/** What all images' disks seem to hold. */
const emptyImage: DiskSpec = { format: "empty", bytes: 2 ** 40, readOnly: true };
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
  const runFolder = makerFolder(parts.runRoot);
  await mkdir(runFolder, { recursive: true, mode: 0o700 });
  try {
    return await parts.templates.add(shape, async (folder) => {
      if (shape.newScratch) await makeScratchDisk(parts.dataRoot, templateScratch(folder));
      const spec = await makerSpec(order, folder, runFolder);
      const { machine, agent } = await bootMachine(parts.hypervisor, spec, { signal });
      try {
        const image = shape.image === "" ? undefined : order.spec.disks[0];
        if (image !== undefined) await machine.insertDisk(image);
        await agent.prepare({
          newScratch: shape.newScratch,
          image: image !== undefined,
          ...(order.network && { network: order.network }),
        });
        if (image !== undefined && order.rehearsed !== undefined)
          await agent.rehearse(rehearsedSetup(spec.nics[0]?.mac), order.rehearsed);
        await agent[Symbol.asyncDispose]();
        await delay(image === undefined ? settleMs : settleWithImageMs);
        if (image !== undefined) await machine.ejectDisk(emptyImage);
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

/** Run folders of machines that no container has yet. */
export function unownedFolders(runRoot: string): string {
  return join(runRoot, "unowned");
}

function makerFolder(runRoot: string): string {
  return join(unownedFolders(runRoot), newId().slice(0, 12));
}

/** The same devices, with nothing behind them. */
async function makerSpec(
  { spec, scratch }: MachineOrder,
  folder: string,
  runFolder: string,
): Promise<MachineSpec> {
  const emptyShare = join(folder, "share");
  if (spec.shares.length > 0) await mkdir(emptyShare, { mode: 0o700 });
  return {
    ...spec,
    id: "template",
    disks: [
      emptyImage,
      scratch.isNew
        ? { format: "raw", path: templateScratch(folder), readOnly: false }
        : { format: "empty", bytes: scratchBytes, readOnly: false },
    ],
    nics: spec.nics.map((nic) => ({ ...nic, publish: [] })),
    shares: spec.shares.map((share) => ({ ...share, path: emptyShare, readOnly: true })),
    fileBinds: [],
    runFolder,
    template: { folder, use: "make" },
  };
}

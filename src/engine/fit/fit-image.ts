import { createHash } from "node:crypto";
import { DvmError } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import { judgeKernels, type FittingKernels } from "../../kernel/fit/judge-kernels.ts";
import { judgeUses } from "../../kernel/fit/judge-uses.ts";
import { joinNeeds, type KernelNeeds } from "../../kernel/fit/kernel-need.ts";
import { knownFeatures, trialRecipe } from "../../kernel/fit/known-features.ts";
import {
  type ContainerRecord,
  type DockerRequest,
  type FitRecord,
  fitRecordSchema,
  type FoundNeeds,
  judgingVersion,
} from "../records.ts";
import { mountSources, newRecord } from "../plan.ts";
import type { Engine } from "../core.ts";
import { requireTrust } from "../images.ts";
import { imageNeeds } from "./image-needs.ts";
import { tryOut } from "./try-out.ts";

export interface FitOptions {
  /** Off: only what can be seen without starting the image; that is not remembered. */
  tries: boolean;
  /** What is remembered is forgotten first. */
  fresh: boolean;
  deadlineMs: number;
  signal?: AbortSignal | undefined;
}

export interface ImageFit extends FoundNeeds, FittingKernels {
  imageId: string;
}

export const defaultTrialMs = 10_000;
const maximumCommands = 64;

/** Tells the smallest kernel that serves an image, as it would be run by `request`. Keeps no container. */
export async function fitImage(
  engine: Engine,
  request: DockerRequest,
  options: FitOptions,
): Promise<ImageFit> {
  const image = engine.parts.images.find(request.config.Image);
  await requireTrust(engine, image, request.config.Image);
  const record = await newRecord(request, {
    id: newId(),
    name: "trial",
    image,
    sources: mountSources(engine),
  });
  const found = await needsOf(engine, record, options);
  const kernels = await judgeKernels(engine.parts.places.dataRoot, {
    machine: engine.parts.hypervisor.kernelFeatures,
    needs: found.needs,
  });
  return { ...found, ...kernels, imageId: image.id };
}

/** What is known of the image and its command, else what is found out now. */
export async function needsOf(
  engine: Engine,
  record: ContainerRecord,
  options: FitOptions,
): Promise<FoundNeeds> {
  const known = options.fresh ? undefined : rememberedNeeds(engine, record.run.imageId);
  if (known?.commands.includes(commandDigest(record)) === true)
    return { ...asNeeds(known), program: undefined, trial: undefined, isRemembered: true };
  const key = `${record.run.imageId} ${commandDigest(record)}`;
  const underWay = options.tries ? engine.fits.get(key) : undefined;
  // who else wanted to know it may have gone, or given it another time
  if (underWay !== undefined) return underWay.catch(() => needsOf(engine, record, options));
  const finding = findOut(engine, record, options);
  if (!options.tries) return finding;
  engine.fits.set(key, finding);
  try {
    return await finding;
  } finally {
    engine.fits.delete(key);
  }
}

/** What is remembered of an image, whatever was tried. */
export function rememberedNeeds(engine: Engine, imageId: string): FitRecord | undefined {
  const { data } = fitRecordSchema.safeParse(engine.state.fit(imageId));
  return data?.judged === judgingVersion ? data : undefined;
}

async function findOut(
  engine: Engine,
  record: ContainerRecord,
  options: FitOptions,
): Promise<FoundNeeds> {
  const features = await knownFeatures();
  if (options.tries) await requireTrialKernel(engine);
  const image = engine.parts.images.findHeld(record.run.imageId);
  const seen = await imageNeeds(engine, { image, record, features });
  if (!options.tries) return { ...seen, trial: undefined, isRemembered: false };
  const { uses, exitCode, isCutShort } = await tryOut(engine, record, options);
  const found = joinNeeds(seen, judgeUses(uses, features));
  const known = options.fresh ? undefined : rememberedNeeds(engine, record.run.imageId);
  const all = known === undefined ? found : joinNeeds(known, found);
  keep(engine, record, all, known?.commands ?? []);
  return { ...all, program: seen.program, trial: { exitCode, isCutShort }, isRemembered: false };
}

function keep(engine: Engine, record: ContainerRecord, all: KernelNeeds, commands: string[]): void {
  // it may have been removed meanwhile
  if (!engine.parts.images.list().some(({ id }) => id === record.run.imageId)) return;
  engine.state.saveFit(record.run.imageId, {
    ...asNeeds(all),
    judged: judgingVersion,
    commands: [...commands, commandDigest(record)].slice(-maximumCommands),
  });
}

async function requireTrialKernel({ parts }: Engine): Promise<void> {
  try {
    await parts.chooseKernel(trialRecipe);
  } catch (error) {
    if (!(error instanceof DvmError) || error.code !== "unavailable") throw error;
    const fact = `an image is tried on the kernel ${trialRecipe}, which is not built`;
    throw new DvmError("unavailable", `cannot fit a kernel: ${fact}`, {
      hint: `run: dvm kernel build ${trialRecipe}`,
    });
  }
}

function asNeeds({ needs, refused }: KernelNeeds): KernelNeeds {
  return { needs, refused };
}

/** With other rights a command may be given more. */
function commandDigest({ run }: ContainerRecord): string {
  const { args, privileged: Privileged, capabilities } = run.process;
  return createHash("sha256")
    .update(JSON.stringify({ command: args, Privileged, CapAdd: capabilities.add }))
    .digest("hex")
    .slice(0, 16);
}

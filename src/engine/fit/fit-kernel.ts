import { DvmError } from "../../base/errors.ts";
import { judgeKernels, smallestKernel } from "../../kernel/fit/judge-kernels.ts";
import { knownFeatures } from "../../kernel/fit/known-features.ts";
import { fitsAnImage } from "../../kernel/reserved-names.ts";
import type { KernelNeed } from "../../kernel/fit/kernel-need.ts";
import type { ContainerRecord } from "../records.ts";
import type { Engine } from "../core.ts";
import { containerNeeds } from "./container-needs.ts";
import { defaultTrialMs, needsOf, rememberedNeeds } from "./fit-image.ts";

/**
 * Name, path or id of the kernel that a container's machine starts with; undefined: the default. For
 * `fit` it is the smallest built one that serves. `runs`: the container's program will run there, so
 * an image that isn't known is tried first; else its files are only looked at.
 */
export async function kernelOf(
  engine: Engine,
  record: ContainerRecord,
  { runs }: { runs: boolean },
): Promise<string | undefined> {
  const want = record.run.machine.kernel;
  if (want !== fitsAnImage) return want;
  const own = containerNeeds(record, await knownFeatures()).needs;
  const needs = [...(await imageNeeds(engine, record, runs)), ...own];
  const machine = engine.parts.hypervisor.kernelFeatures;
  const kernel = await smallestKernel(engine.parts.places.dataRoot, { machine, needs });
  if (kernel !== undefined) return kernel.id;
  throw await noneServes(engine, needs);
}

async function imageNeeds(
  engine: Engine,
  record: ContainerRecord,
  runs: boolean,
): Promise<KernelNeed[]> {
  if (!runs) return rememberedNeeds(engine, record.run.imageId)?.needs ?? [];
  const options = { tries: true, fresh: false, deadlineMs: defaultTrialMs };
  return (await needsOf(engine, record, options)).needs;
}

async function noneServes(engine: Engine, needs: KernelNeed[]): Promise<DvmError> {
  const { places, hypervisor } = engine.parts;
  const wanted = { machine: hypervisor.kernelFeatures, needs };
  const { recipe } = await judgeKernels(places.dataRoot, wanted);
  const features = [...new Set(needs.map(({ feature }) => feature))].join(", ");
  return new DvmError(
    "unavailable",
    `cannot fit a kernel: none that is built has what is needed (${features})`,
    recipe === undefined
      ? { hint: "no recipe has all of it; name a kernel by --kernel" }
      : { hint: `run: dvm kernel build ${recipe}` },
  );
}

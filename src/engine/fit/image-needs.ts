import { findProgram, type FoundProgram } from "../../image/program/find-program.ts";
import { checkProgram, judgeLabels, judgeLibraries } from "../../kernel/fit/judge-image.ts";
import { joinNeeds, type KernelNeeds } from "../../kernel/fit/kernel-need.ts";
import type { KnownFeatures } from "../../kernel/fit/known-features.ts";
import type { ContainerRecord } from "../records.ts";
import type { Engine, Image } from "../core.ts";
import { mainProcessSpec } from "../plan.ts";

/** What an image tells without being started. */
export interface ImageNeeds extends KernelNeeds {
  /** Of the container's command; undefined: the image has none of that name. */
  program: FoundProgram | undefined;
}

/**
 * What can be seen of an image's needs in its configuration and its files. Throws `unsupported` when
 * no kernel of ours could run the program.
 */
export async function imageNeeds(
  engine: Engine,
  { image, record, features }: { image: Image; record: ContainerRecord; features: KnownFeatures },
): Promise<ImageNeeds> {
  const { args, env, cwd } = mainProcessSpec(record.run);
  const { images } = engine.parts;
  await using _held = images.holdLayers(image.layers);
  const program = await findProgram({
    layers: image.layers.map((diffId) => images.layerFolder(diffId)),
    ...{ args, cwd },
    path: env.find((entry) => entry.startsWith("PATH="))?.slice("PATH=".length) ?? "",
  });
  if (program?.elf !== undefined) checkProgram(program.paths.at(-1) ?? "", program.elf);
  const found = joinNeeds(
    judgeLabels(image.config.labels, features),
    judgeVolumes(image, features),
    judgeLibraries(program?.elf?.libraries ?? [], features),
  );
  return { ...found, program };
}

/** Each declared volume is a share of its machine. */
function judgeVolumes({ config }: Image, features: KnownFeatures): KernelNeeds {
  const [path] = config.volumes;
  const options = path === undefined ? [] : ["CONFIG_FUSE_FS"];
  const needs = options.map((option) => ({
    ...{ option, feature: features.of(option) ?? option },
    reason: `VOLUME ${path}`,
    source: "image" as const,
  }));
  return { needs, refused: [] };
}

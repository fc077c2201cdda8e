import { z } from "zod";
import type { FoundProgram } from "../../image/program/find-program.ts";
import type { KernelNeeds } from "../../kernel/fit/kernel-need.ts";

/** Raise it when `kernel/fit` gives other needs for the same uses: images are tried anew then. */
export const judgingVersion = 1;

/** What is remembered of an image: what it needs, not which kernel that gave. */
export const fitRecordSchema = z.object({
  needs: z.array(
    z.object({
      feature: z.string(),
      option: z.string().optional(),
      reason: z.string(),
      source: z.enum(["label", "image", "trial", "container"]),
    }),
  ),
  refused: z.array(
    z.object({ what: z.string(), error: z.string(), feature: z.string().optional() }),
  ),
  /** The {@link judgingVersion} that made it. */
  judged: z.number(),
  /** Digests of the commands that were tried. */
  commands: z.array(z.string()),
}) satisfies z.ZodType<KernelNeeds>;
export type FitRecord = z.infer<typeof fitRecordSchema>;

/** What is known of an image's needs, and from where. */
export interface FoundNeeds extends KernelNeeds {
  /** Undefined: it was not looked for, as the answer is remembered, or there is none. */
  program: FoundProgram | undefined;
  /**
   * Of this time. `exitCode` is undefined when the command still ran at its end, and was ended;
   * `isCutShort`: it used more than could be noted.
   */
  trial: { exitCode: number | undefined; isCutShort: boolean } | undefined;
  isRemembered: boolean;
}

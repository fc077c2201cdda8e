import type { FoundProgram } from "../../image/program/find-program.ts";
import type { KernelNeeds } from "../../kernel/fit/kernel-need.ts";

/** Raise it when `kernel/fit` gives other needs for the same uses: images are tried anew then. */
export const judgingVersion = 1;

/** What is remembered of an image: what it needs, not which kernel that gave. */
export interface FitRecord extends KernelNeeds {
  imageId: string;
  /** The {@link judgingVersion} that made it. */
  judged: number;
  /** Digests of the commands that were tried. */
  commands: string[];
}

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

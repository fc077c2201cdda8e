import { answerRequest } from "../ask-process.ts";
import { mergeLayers } from "../disk/merge-tree.ts";
import { programPurpose, type ProgramRequest } from "./find-program.ts";
import { programIn } from "./program-in.ts";

/* The process of findProgram. */

await answerRequest(programPurpose, async ({ layers, ...wanted }: ProgramRequest) =>
  programIn({ root: await mergeLayers(layers), layers }, wanted),
);

import { askProcess } from "../ask-process.ts";
import type { ElfFacts } from "./elf.ts";

/** A command line, as the image's process would be started by it. */
export interface WantedProgram {
  args: readonly string[];
  /** The value of PATH. */
  path: string;
  cwd: string;
}

export interface ProgramRequest extends WantedProgram {
  /** Folders of the image's layers, the lowest first. */
  layers: readonly string[];
}

/** The program of a command line, found in an image. */
export interface FoundProgram {
  /** Paths: a script, the program that it names behind `#!`, and so on; the last is no script. */
  paths: string[];
  /** Of the last one; undefined where it is no ELF file. */
  elf: ElfFacts | undefined;
}

export const programPurpose = "look for the image's program";
const script = new URL("program-process.ts", import.meta.url);

/** Finds a command's program without a machine; undefined where the image has none of that name. */
export async function findProgram(request: ProgramRequest): Promise<FoundProgram | undefined> {
  const found = await askProcess<FoundProgram | null>(script, request, programPurpose);
  return found ?? undefined;
}

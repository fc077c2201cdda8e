import { z } from "zod";
import { DvmError } from "../base/errors.ts";

const builtSchema = z.object({
  /** Package or archive, and its version. */
  source: z.string(),
  sourceVersion: z.string(),
  toolChain: z.string(),
  /** Names of the recipe's features. */
  features: z.array(z.string()),
  /** How many files were compiled, by which the next build's progress is told. */
  compiledFiles: z.int(),
  /** From unpacked source on. */
  tookMs: z.number(),
});

const schema = z.object({
  name: z.string(),
  release: z.string(),
  digest: z.string(),
  discovery: z.enum(["acpi", "cmdline"]),
  sizeBytes: z.number(),
  builtAt: z.string(),
  /** What it was made of, for a person: package, version, compiler. */
  source: z.string(),
  /** File names in `modules/`, in the order of loading. */
  modules: z.array(z.string()),
  /** `sha256:…` of each file of the folder but this one, by its path there. */
  files: z.record(z.string(), z.string()).optional(),
  /** Of a kernel that was built here. */
  built: builtSchema.optional(),
});

/** What `kernel.json` holds. */
export type KernelRecord = z.infer<typeof schema>;

export function parseKernelRecord(text: string, folder: string): KernelRecord {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new DvmError("damaged", `cannot read kernel ${folder}: kernel.json is not valid`, {
      cause,
      hint: `remove the folder and run: dvm setup`,
    });
  }
}

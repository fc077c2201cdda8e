import { z } from "zod";
import { DvmError } from "../base/errors.ts";

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

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const path = fileURLToPath(new URL("../../../kernel/budgets.json", import.meta.url));

const budgetSchema = z.strictObject({
  /** Of the bzImage, in 10^6 bytes. */
  imageMegabytes: z.number(),
  /** From the kernel's entry to the agent's hello, by emulation. */
  helloMs: z.number(),
  /** Of what the kernel manages, after boot. */
  usedMiB: z.number(),
  /** The smallest machine that runs `busybox true`. */
  smallestMiB: z.number(),
  /** From unpacked source, on two processors. */
  buildMinutes: z.number(),
});

export type Budget = z.infer<typeof budgetSchema>;

/** What each recipe has promised. */
export async function readBudgets(): Promise<Record<string, Budget>> {
  return z.record(z.string(), budgetSchema).parse(JSON.parse(await readFile(path, "utf8")));
}

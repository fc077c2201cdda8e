import { z } from "zod";

/** What is kept of a machine that runs: enough to find it again. Another shape is another `version`. */
export const machineRecordSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  createdAt: z.string(),
});
export type MachineRecord = z.infer<typeof machineRecordSchema>;

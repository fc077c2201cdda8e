import { z } from "zod";

/** What is kept of a machine that runs. Another shape is another `version`. */
export const machineRecordSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  createdAt: z.string(),
  /** Whose disks each place has: a container's id; null: nobody's. */
  slots: z.array(z.string().nullable()),
  /** How many of its cards are for networks of the switch. */
  cards: z.number().default(0),
});
export type MachineRecord = z.infer<typeof machineRecordSchema>;

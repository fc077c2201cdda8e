import { z } from "zod";

const labels = z.record(z.string(), z.string());
const text = z.string().default("");

/** As it was asked for, by Docker's names in lower case. */
const configSchema = z.object({
  subnet: z.string(),
  range: text,
  gateway: text,
  auxiliary: labels.default({}),
});
export type NetworkConfig = z.infer<typeof configSchema>;

const poolSchema = z.object({
  subnet: z.string(),
  /** The part of it that containers get addresses of. */
  range: z.string(),
  /** Empty: there is none. */
  gateway: z.string(),
  /** Addresses that no container gets. */
  reserved: z.array(z.string()),
  /** The user chose the subnet, so that he may choose addresses in it. */
  isAsked: z.boolean(),
});
export type NetworkPool = z.infer<typeof poolSchema>;

/** A network, as the state store keeps it. */
export const networkRecordSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  name: z.string(),
  createdAt: z.string(),
  driver: z.enum(["bridge", "host", "null"]),
  scope: z.string(),
  ipv4: z.boolean(),
  ipv6: z.boolean(),
  internal: z.boolean(),
  attachable: z.boolean(),
  /** What others are made by; it is none itself. */
  configOnly: z.boolean(),
  configFrom: z.string(),
  labels,
  options: labels,
  ipam: z.object({
    driver: z.string(),
    options: labels.nullable(),
    config: z.array(configSchema),
  }),
  /** One for each family at most. */
  pools: z.array(poolSchema),
});
export type NetworkRecord = z.infer<typeof networkRecordSchema>;

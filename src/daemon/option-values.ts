import { BlockList, isIPv4 } from "node:net";
import { z } from "zod";
import { DvmError } from "../base/errors.ts";
import { parseBytes } from "../base/parse-sizes.ts";
import { parseUlimit } from "../base/parse-ulimit.ts";
import type { AddressPool, Ulimit } from "./given-settings.ts";

/** `64M`, or a number of bytes. */
export function readSize(key: string, value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  if (typeof value !== "string")
    throw new DvmError("invalid", `invalid JSON: ${key}: invalid size: '${JSON.stringify(value)}'`);
  try {
    return parseBytes(value);
  } catch (cause) {
    throw new DvmError("invalid", `invalid JSON: invalid size: '${value}'`, { cause });
  }
}

const ulimitsSchema = z.record(
  z.string(),
  z.object({ Name: z.string().optional(), Soft: z.int().default(0), Hard: z.int().default(0) }),
);

/** As the file has them: by name. */
export function readUlimits(value: unknown): Ulimit[] {
  const given = parsed("default-ulimits", ulimitsSchema, value);
  return Object.entries(given).map(([key, { Name = key, Soft, Hard }]) =>
    parseUlimit(`${Name}=${Soft}:${Hard}`),
  );
}

/** As flags have them: `nofile=1024:2048`. */
export function ulimitOfFlag(text: string): Ulimit {
  return parseUlimit(text);
}

const poolsSchema = z.array(z.strictObject({ base: z.string(), size: z.int() }));

export function readPools(value: unknown): AddressPool[] {
  return parsed("default-address-pools", poolsSchema, value).map(checkPool);
}

/** As flags have them: `base=10.10.0.0/16,size=24`. */
export function poolOfFlag(text: string): AddressPool {
  const fields = new Map(
    text.split(",").map((field) => {
      const [key = "", value = ""] = field.split("=");
      return [key, value] as const;
    }),
  );
  const odd = [...fields.keys()].find((key) => key !== "base" && key !== "size");
  if (odd !== undefined) throw new DvmError("invalid", `unexpected key '${odd}' in '${text}'`);
  return checkPool({ base: fields.get("base") ?? "", size: Number(fields.get("size")) });
}

function checkPool({ base, size }: AddressPool): AddressPool {
  const [address = "", prefix = ""] = base.split("/");
  const isNetwork = isIPv4(address) && /^\d+$/.test(prefix) && Number(prefix) <= 32;
  if (!isNetwork) throw new DvmError("invalid", `invalid base pool "${base}": it is no network`);
  if (!(size >= Number(prefix) && size <= 32))
    throw new DvmError(
      "invalid",
      `invalid base pool "${base}" with size ${size}: its networks must be smaller than it`,
    );
  new BlockList().addSubnet(address, Number(prefix));
  return { base, size };
}

function parsed<T>(key: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new DvmError(
    "invalid",
    `invalid JSON: ${[key, ...(issue?.path ?? [])].join(".")}: ${issue?.message ?? "?"}`,
  );
}

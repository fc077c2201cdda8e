import { DvmError } from "../base/errors.ts";

export interface Ulimit {
  Name: string;
  Soft: number;
  Hard: number;
}

export interface AddressPool {
  base: string;
  size: number;
}

export type SettingValue =
  | boolean
  | number
  | string
  | string[]
  | Record<string, string>
  | Ulimit[]
  | AddressPool[];

/** What was said, by its key in the file. */
export type SettingValues = ReadonlyMap<string, SettingValue>;

/** Settings by key, each of the kind that its option has. */
export class GivenSettings {
  readonly values: SettingValues;

  constructor(values: SettingValues) {
    this.values = values;
  }

  has(key: string): boolean {
    return this.values.has(key);
  }

  boolean(key: string): boolean | undefined {
    const value = this.values.get(key);
    return typeof value === "boolean" ? value : undefined;
  }

  number(key: string): number | undefined {
    const value = this.values.get(key);
    return typeof value === "number" ? value : undefined;
  }

  /** An empty one counts as not given. */
  text(key: string): string | undefined {
    const value = this.values.get(key);
    return typeof value === "string" && value !== "" ? value : undefined;
  }

  list(key: string): string[] {
    return this.#values(key).filter((one) => typeof one === "string");
  }

  ulimits(key: string): Ulimit[] {
    return this.#values(key).filter((one) => typeof one === "object" && "Hard" in one);
  }

  pools(key: string): AddressPool[] {
    return this.#values(key).filter((one) => typeof one === "object" && "base" in one);
  }

  map(key: string): Record<string, string> {
    const value = this.values.get(key);
    return typeof value === "object" && !Array.isArray(value) ? value : {};
  }

  #values(key: string): (string | Ulimit | AddressPool)[] {
    const value = this.values.get(key);
    return Array.isArray(value) ? value : [];
  }
}

/** Docker's words for what stands in both; it is refused whatever the values are. */
export function refuseConflicts(flags: SettingValues, file: SettingValues): void {
  const both = [...flags.keys()].filter((key) => file.has(key)).sort();
  if (both.length === 0) return;
  const told = both.map(
    (key) => `${key}: (from flag: ${goText(flags.get(key))}, from file: ${goText(file.get(key))})`,
  );
  throw new DvmError(
    "invalid",
    `the following directives are specified both as a flag and in the configuration file: ${told.join(", ")}`,
  );
}

/** As Go prints a value. */
function goText(value: SettingValue | undefined): string {
  if (Array.isArray(value))
    return `[${value.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join(" ")}]`;
  if (typeof value !== "object")
    return String(value).replace(/^(\w+:\/\/)[^@/]*@/, "$1xxxxx:xxxxx@");
  const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${pairs.map(([key, one]) => `${key}:${one}`).join(" ")}]`;
}

import { DvmError } from "../../../../base/errors.ts";

const largest = 8192;

/** Numbers of a list as `0-2,4` (cpuset(7)), as Docker reads and refuses it; "" has none. */
export function parseNumbers(text: string, what: "cpus" | "mems"): number[] {
  const refused = (why: string) =>
    new DvmError("invalid", `Invalid value ${text} for cpuset ${what}: ${why}`);
  const numbers = new Set<number>();
  for (const part of text === "" ? [] : text.split(",")) {
    const [whole, first = "", last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (whole === undefined || Number(last) < Number(first))
      throw refused(`invalid format: ${text}`);
    if (Number(last) > largest) throw refused(`value of out range, maximum is ${largest}`);
    for (let number = Number(first); number <= Number(last); number += 1) numbers.add(number);
  }
  return [...numbers];
}

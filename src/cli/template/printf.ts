import { DvmError } from "../../base/errors.ts";
import { renderValue } from "./values.ts";

const verb = /%([-0]*)(\d*)(?:\.(\d+))?([a-zA-Z%])/g;
type VerbMatch = [
  all: string,
  flags: string,
  width: string,
  precision: string | undefined,
  letter: string,
];

/** Go's Sprintf with the verbs v s q d x t f and `%%`, width, `-`, `0` and precision. */
export function formatText(format: string, values: readonly unknown[]): string {
  let next = 0;
  const result = format.replaceAll(verb, (...found: VerbMatch) => {
    const [, flags, width, precision, letter] = found;
    if (letter === "%") return "%";
    if (next >= values.length) return `%!${letter}(MISSING)`;
    const text = formatValue(letter, values[next++], precision);
    if (flags.includes("-")) return text.padEnd(Number(width));
    return text.padStart(Number(width), flags.includes("0") ? "0" : " ");
  });
  if (next < values.length)
    throw new DvmError(
      "invalid",
      `the format has no place for ${values.length - next} of its values`,
    );
  return result;
}

function formatValue(letter: string, value: unknown, precision: string | undefined): string {
  switch (letter) {
    case "v":
    case "t":
      return renderValue(value);
    case "s":
      return renderValue(value).slice(0, precision === undefined ? undefined : Number(precision));
    case "q":
      return JSON.stringify(renderValue(value));
    case "d":
      return String(Math.trunc(Number(value)));
    case "x":
      return typeof value === "number"
        ? value.toString(16)
        : Buffer.from(renderValue(value)).toString("hex");
    case "f":
      return Number(value).toFixed(Number(precision ?? 6));
    default:
      throw new DvmError("invalid", `%${letter} is none of %v %s %q %d %x %t %f`);
  }
}

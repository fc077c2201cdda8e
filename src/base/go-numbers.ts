/** Numbers in texts as Go's libraries read them, with their words for what is none. */

const units: Readonly<Record<string, number>> = { k: 10, m: 20, g: 30, t: 40, p: 50 };

/** `1.5m`, `1 KiB`, `10`: bytes, by powers of 1024, as docker's library reads sizes. */
export function parseGoSize(text: string): number {
  const [, number, space, unit] = /^(.*[0-9. ])?( ?)([^0-9. ]*)$/s.exec(text) ?? [];
  if (number === undefined || unit === undefined) throw new Error(`invalid size: '${text}'`);
  void space;
  const size = parseFloatOf(number.endsWith(" ") ? number.slice(0, -1) : number);
  if (size < 0) throw new Error(`invalid size: '${text}'`);
  const lower = unit.toLowerCase();
  if (lower === "" || lower === "b") return Math.trunc(size);
  const power = /^[a-z](b|ib)?$/.test(lower) ? units[lower.charAt(0)] : undefined;
  if (power === undefined) throw new Error(`invalid suffix: '${unit}'`);
  return Math.trunc(size * 2 ** power);
}

function parseFloatOf(text: string): number {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
  throw new Error(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** A whole number of 64 bits; `by`: Go's function that reads it. */
export function parseGoInteger(text: string, by: "Atoi" | "ParseInt" = "ParseInt"): bigint {
  const refused = (why: string) =>
    new Error(`strconv.${by}: parsing ${JSON.stringify(text)}: ${why}`);
  if (!/^[+-]?\d+$/.test(text)) throw refused("invalid syntax");
  const number = BigInt(text.replace(/^\+/, ""));
  if (number >= 2n ** 63n || number < -(2n ** 63n)) throw refused("value out of range");
  return number;
}

export function parseGoBoolean(text: string): boolean {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  if (["0", "f", "F", "FALSE", "false", "False"].includes(text)) return false;
  throw new Error(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

import type { Random } from "./random.ts";
import { withCheckSum } from "./tar-forms.ts";

const blockBytes = 512;
const numbers = [
  "",
  "0",
  "7777777",
  "77777777777",
  "-1",
  "9",
  "\x80\0\0\0\0\0\0\x01",
  "\xff".repeat(12),
];
const texts = [
  "..",
  "/",
  "../../x",
  "a/../../b",
  ".wh.",
  ".wh..wh..opq",
  "\0",
  "x".repeat(100),
  "\xff\xfe",
];
/** Fields of a tar's header that say much: where, how long, and what to try there. */
const fields = [
  ...[
    [0, 100, texts],
    [100, 8, numbers],
    [108, 8, numbers],
    [116, 8, numbers],
    [124, 12, numbers],
  ],
  ...[
    [136, 12, numbers],
    [157, 100, texts],
    [257, 8, ["ustar  \0", "ustar\u000000", "\0"]],
  ],
  ...[
    [329, 8, numbers],
    [345, 155, texts],
    [482, 1, ["\x01", "\0"]],
    [483, 12, numbers],
  ],
] as [number, number, string[]][];
const flags = "\x000123456789gxLKSDMVNXA".split("");

/** The same bytes with a few faults. */
export function mutated(bytes: Buffer, random: Random): Buffer {
  let made = bytes;
  for (let count = 1 + random.below(4); count > 0; count -= 1) made = oneFault(made, random);
  return made;
}

function oneFault(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  const length = random.pick([1, 2, 8, blockBytes, 3 * blockBytes]);
  switch (random.below(7)) {
    case 0:
      return before;
    case 1:
      return Buffer.concat([before, after.subarray(length)]);
    case 2:
      return Buffer.concat([before, random.bytes(length), after]);
    case 3:
      return Buffer.concat([before, after.subarray(0, length), after]);
    case 4: {
      const copy = Buffer.from(bytes);
      if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
      return copy;
    }
    default:
      return headerFault(bytes, random);
  }
}

/** Another value in a header of a tar, whose checksum is right all the same. */
function headerFault(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const starts: number[] = [];
  for (let at = 0; at + blockBytes <= copy.length; at += blockBytes)
    if (copy.toString("latin1", at + 257, at + 262) === "ustar") starts.push(at);
  if (starts.length === 0) return copy;
  const start = random.pick(starts);
  const header = copy.subarray(start, start + blockBytes);
  if (random.oneIn(3)) header.write(random.pick(flags), 156, "latin1");
  else {
    const [at, length, values] = random.pick(fields);
    header.fill(0, at, at + length);
    header.write(random.pick(values), at, length, "latin1");
  }
  withCheckSum(header);
  return copy;
}

const values: unknown[] = [
  ...[null, true, 0, -1, 1e308, "", "x", [], {}, [[]], "\0", "../../etc/passwd", "sha256:"],
  ...["sha256:" + "0".repeat(64), "a".repeat(5000), { __proto__: null }, [null], 2 ** 53],
];

/** A copy of a JSON value with something else in some place. */
export function mutatedJson(value: unknown, random: Random): unknown {
  if (typeof value !== "object" || value === null || random.oneIn(6)) return random.pick(values);
  if (Array.isArray(value)) {
    const copy: unknown[] = [...(value as unknown[])];
    if (copy.length === 0 || random.oneIn(5)) return [...copy, ...copy, random.pick(values)];
    const index = random.below(copy.length);
    copy[index] = mutatedJson(copy[index], random);
    return copy;
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return random.pick(values);
  const [key] = random.pick(entries);
  const rest = entries.filter(([name]) => name !== key);
  if (random.oneIn(6)) return Object.fromEntries(rest);
  return Object.fromEntries(
    entries.map(([name, one]) => [name, name === key ? mutatedJson(one, random) : one]),
  );
}

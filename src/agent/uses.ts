import { maximumUsesBytes } from "./protocol.ts";
import { brokenProtocol, MessageReader } from "./wire.ts";

/** By kind of use: how many numbers tell one from another, and whether a name may; kernel/source/dvm_record.c has them. */
const kinds = {
  call: { numbers: 1, hasName: false },
  socket: { numbers: 3, hasName: false },
  sockopt: { numbers: 2, hasName: true },
  mount: { numbers: 0, hasName: true },
  open: { numbers: 0, hasName: true },
  namespace: { numbers: 1, hasName: false },
  prctl: { numbers: 1, hasName: false },
  seccomp: { numbers: 1, hasName: false },
  fcntl: { numbers: 1, hasName: false },
  madvise: { numbers: 1, hasName: false },
  map: { numbers: 1, hasName: false },
  netlink: { numbers: 1, hasName: true },
  exec: { numbers: 0, hasName: true },
} as const;

/** Something that a container's programs asked of the kernel. */
export interface RecordedUse {
  kind: keyof typeof kinds;
  numbers: number[];
  /** A path or a type; "" where the kind has none. */
  name: string;
  /** 0: it worked at least once; else the last error's number, which is positive. */
  error: number;
  count: number;
}

export interface UsesRecord {
  uses: RecordedUse[];
  /** There were more than the recorder or an answer holds. */
  isCutShort: boolean;
}

const maximumUses = 8192;
/** The answer to RECORD; every line is looked at, as the guest may send anything. */
export function decodeUses(payload: Buffer): UsesRecord {
  const from = new MessageReader(payload);
  const isCut = from.u8() !== 0;
  const text = from.latin1();
  from.end();
  if (text.length > maximumUsesBytes) throw brokenProtocol("a record that has no end");
  const lines = text.split("\n");
  const rest = lines.pop();
  if (rest !== "" && !isCut) throw brokenProtocol("a record that ends in the middle of a line");
  if (lines.length > maximumUses) throw brokenProtocol(`a record of ${lines.length} uses`);
  const lost = /^lost \d+$/.test(lines.at(-1) ?? "");
  return { uses: (lost ? lines.slice(0, -1) : lines).map(parseUse), isCutShort: isCut || lost };
}

function parseUse(line: string): RecordedUse {
  const [kind = "", error = "", count = "", ...words] = line.split(" ");
  if (!isKind(kind)) throw brokenProtocol("a use of no kind that there is");
  const numbers = words.slice(0, kinds[kind].numbers);
  const [name = "", ...more] = words.slice(kinds[kind].numbers);
  const isWhole =
    numbers.length === kinds[kind].numbers &&
    [count, ...numbers].every((number) => /^\d{1,15}$/.test(number)) &&
    /^\d{1,4}$/.test(error) &&
    (name === "" ? words.length === numbers.length : kinds[kind].hasName) &&
    /^[!-~]{0,128}$/.test(name) &&
    more.length === 0;
  if (!isWhole) throw brokenProtocol("a use that is none of those it may be");
  return {
    kind,
    numbers: numbers.map(Number),
    ...{ name, error: Number(error), count: Number(count) },
  };
}

function isKind(text: string): text is keyof typeof kinds {
  return Object.hasOwn(kinds, text);
}

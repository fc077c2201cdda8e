/** What the headers of a program tell. */
export interface ElfFacts {
  bits: 32 | 64;
  /** `e_machine`; 62 is x86-64. */
  machine: number;
  /** Its loader; undefined: it is linked statically. */
  interpreter: string | undefined;
  /** Names of the libraries that it asks for itself. */
  libraries: string[];
}

/** Reads up to `length` bytes from `offset`: fewer at the end of the file, none behind it. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

const headerBytes = 64;
const segmentBytes = 56;
const maximumSegments = 64;
const maximumDynamicBytes = 16 * 1024;
const maximumNameBytes = 255;
const maximumLibraries = 128;
const farBehind = 2 ** 50;

const segmentType = { load: 1, dynamic: 2, interpreter: 3 } as const;
const tag = { end: 0, needed: 1, stringTable: 5 } as const;

interface Segment {
  type: number;
  offset: number;
  address: number;
  size: number;
}

/**
 * Reads a program's headers; undefined: it is no ELF file. Of one that is damaged, what can be read
 * counts. Format: elf(5); of 32-bit and big-endian files only what says that they are.
 */
export async function readElf(read: ReadAt): Promise<ElfFacts | undefined> {
  const header = await read(0, headerBytes);
  if (header.length < 20 || header.toString("latin1", 0, 4) !== "\x7fELF") return undefined;
  const bits = header[4] === 2 ? 64 : 32;
  const isLittle = header[5] === 1;
  const machine = isLittle ? header.readUInt16LE(18) : header.readUInt16BE(18);
  const facts = { bits, machine, interpreter: undefined, libraries: [] } as const;
  if (bits === 32 || !isLittle || header.length < headerBytes) return { ...facts, libraries: [] };
  const segments = await readSegments(read, header);
  return {
    ...facts,
    interpreter: await interpreterOf(read, segments),
    libraries: await librariesOf(read, segments),
  };
}

async function readSegments(read: ReadAt, header: Buffer): Promise<Segment[]> {
  const count = Math.min(header.readUInt16LE(56), maximumSegments);
  if (header.readUInt16LE(54) !== segmentBytes) return [];
  const table = await read(position(header, 32), count * segmentBytes);
  const segments: Segment[] = [];
  for (let at = 0; at + segmentBytes <= table.length; at += segmentBytes)
    segments.push({
      type: table.readUInt32LE(at),
      offset: position(table, at + 8),
      address: position(table, at + 16),
      size: position(table, at + 32),
    });
  return segments;
}

async function interpreterOf(read: ReadAt, segments: Segment[]): Promise<string | undefined> {
  const segment = segments.find(({ type }) => type === segmentType.interpreter);
  return segment && textIn(await read(segment.offset, Math.min(segment.size, maximumNameBytes)));
}

async function librariesOf(read: ReadAt, segments: Segment[]): Promise<string[]> {
  const dynamic = segments.find(({ type }) => type === segmentType.dynamic);
  if (dynamic === undefined) return [];
  const bytes = await read(dynamic.offset, Math.min(dynamic.size, maximumDynamicBytes));
  const names: number[] = [];
  let table = 0;
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    const [kind, value] = [position(bytes, at), position(bytes, at + 8)];
    if (kind === tag.end) break;
    if (kind === tag.stringTable) table = value;
    else if (kind === tag.needed && names.length < maximumLibraries) names.push(value);
  }
  const start = fileOffset(segments, table);
  if (start === undefined) return [];
  const texts = names.map(async (name) => textIn(await read(start + name, maximumNameBytes)));
  return (await Promise.all(texts)).filter((name) => name !== "");
}

/** Where in the file that lies which the program sees at `address`. */
function fileOffset(segments: Segment[], address: number): number | undefined {
  const holder = segments.find(
    ({ type, address: from, size }) =>
      type === segmentType.load && address >= from && address < from + size,
  );
  return holder && holder.offset + address - holder.address;
}

/** A number of 64 bits; what is behind the end of any file counts as just there: sums stay exact. */
function position(bytes: Buffer, at: number): number {
  return Math.min(Number(bytes.readBigUInt64LE(at)), farBehind);
}

/** Up to the NUL, printable bytes only; anything else is no name. */
function textIn(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  const text = bytes.toString("latin1", 0, end === -1 ? bytes.length : end);
  return /^[!-~]*$/.test(text) ? text : "";
}

import { open, readFile } from "node:fs/promises";
import { DvmError } from "../base/errors.ts";

const elfMagic = "\x7fELF";
const programHeaderOffset = 32;
const programHeaderCount = 56;
const programHeaderBytes = 56;
const noteSegment = 4;
const entryNote = 18; // XEN_ELFNOTE_PHYS32_ENTRY
/** Where an unpacked bzImage is entered in 32-bit mode. Source: Documentation/arch/x86/boot.rst. */
const bzImageEntry = 0x10_0000;

/** The physical address where a VMM, or its firmware, enters a kernel: an ELF file or a bzImage. */
export async function imageEntry(path: string): Promise<number> {
  await using file = await open(path, "r");
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
  return buffer.toString("latin1") === elfMagic ? await pvhEntry(path) : bzImageEntry;
}

/**
 * The physical address where a kernel in ELF form is entered by PVH. Format: elf(5); the note is
 * described in Xen's docs/misc/pvh.pandoc.
 */
export async function pvhEntry(path: string): Promise<number> {
  const file = await readFile(path);
  if (file.toString("latin1", 0, 4) !== elfMagic || file.length < 64)
    throw new DvmError("invalid", `cannot enter kernel ${path}: it is no ELF file`);
  const start = Number(file.readBigUInt64LE(programHeaderOffset));
  for (let index = 0; index < file.readUInt16LE(programHeaderCount); index++) {
    const at = start + index * programHeaderBytes;
    if (at + programHeaderBytes > file.length) break;
    if (file.readUInt32LE(at) !== noteSegment) continue;
    const offset = Number(file.readBigUInt64LE(at + 8));
    const size = Number(file.readBigUInt64LE(at + 32));
    const entry = entryIn(file.subarray(offset, offset + size));
    if (entry !== undefined) return entry;
  }
  throw new DvmError("invalid", `cannot enter kernel ${path}: it has no PVH entry`);
}

function entryIn(notes: Buffer): number | undefined {
  for (let at = 0; at + 12 <= notes.length;) {
    const nameBytes = notes.readUInt32LE(at);
    const valueBytes = notes.readUInt32LE(at + 4);
    const type = notes.readUInt32LE(at + 8);
    const value = at + 12 + ((nameBytes + 3) & ~3);
    const isXen = notes.toString("latin1", at + 12, at + 16) === "Xen\0";
    if (isXen && type === entryNote && value + 4 <= notes.length) return notes.readUInt32LE(value);
    at = value + ((valueBytes + 3) & ~3);
  }
  return undefined;
}

import { mkdir, open, readFile, rename, rm, writeFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { DvmError } from "../base/errors.ts";
import { runTool } from "../host/run-tool.ts";

/** Bytes that a template's file holds at `offset`; the rest of it is a hole. */
const seedSchema = z.object({
  sizeBytes: z.number(),
  extents: z.array(z.object({ offset: z.number(), length: z.number() })),
});
type Seed = z.infer<typeof seedSchema>;

const defaultSizeBytes = 16 * 2 ** 30;
const scanBytes = 1 << 20;
const blockBytes = 4096;
/** Raised when the way templates are made changes. */
const templateVersion = 2;

/**
 * Makes an empty ext4 disk at `path` from a template that is formatted once per data root: only the
 * template's written blocks are copied, so it takes milliseconds and some 100 KB.
 */
export async function makeScratchDisk(
  dataRoot: string,
  path: string,
  sizeBytes = defaultSizeBytes,
): Promise<void> {
  const base = join(dataRoot, "scratch", `template-${templateVersion}-${sizeBytes}`);
  const seed = (await readSeed(base)) ?? (await makeTemplate(base, sizeBytes));
  await using from = await open(`${base}.blocks`, "r");
  await using to = await open(path, "wx", 0o600);
  await to.truncate(seed.sizeBytes);
  let position = 0;
  for (const { offset, length } of seed.extents) {
    const bytes = Buffer.alloc(length);
    await from.read(bytes, 0, length, position);
    await to.write(bytes, 0, length, offset);
    position += length;
  }
}

async function readSeed(base: string): Promise<Seed | undefined> {
  const text = await readFile(`${base}.json`, "utf8").catch(() => undefined);
  return text === undefined ? undefined : seedSchema.parse(JSON.parse(text));
}

async function makeTemplate(base: string, sizeBytes: number): Promise<Seed> {
  await mkdir(join(base, ".."), { recursive: true, mode: 0o700 });
  const temporary = `${base}.${process.pid}.tmp`;
  try {
    await using file = await open(temporary, "w", 0o600);
    await file.truncate(sizeBytes);
    await runTool("mkfs.ext4", [...formatOptions, temporary], {
      purpose: "format a scratch disk",
      hint: "install e2fsprogs, or run `dvm setup`",
    });
    const seed = await collectBlocks(file, sizeBytes, `${temporary}.blocks`);
    await rename(`${temporary}.blocks`, `${base}.blocks`);
    await writeFile(`${temporary}.json`, JSON.stringify(seed));
    await rename(`${temporary}.json`, `${base}.json`);
    return seed;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** No reserved blocks, a small journal, inode tables left unwritten: the file stays nearly all hole. */
const formatOptions = [
  ...["-q", "-F", "-b", String(blockBytes), "-m", "0", "-i", "32768", "-J", "size=16"],
  ...["-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0"],
];

async function collectBlocks(file: FileHandle, sizeBytes: number, into: string): Promise<Seed> {
  await using blocks = await open(into, "w", 0o600);
  const extents: Seed["extents"] = [];
  const chunk = Buffer.alloc(scanBytes);
  for (let start = 0; start < sizeBytes; start += scanBytes) {
    const { bytesRead } = await file.read(chunk, 0, scanBytes, start);
    for (let at = 0; at < bytesRead; at += blockBytes) {
      const block = chunk.subarray(at, Math.min(at + blockBytes, bytesRead));
      if (isZero(block)) continue;
      await blocks.write(block);
      const last = extents.at(-1);
      if (last !== undefined && last.offset + last.length === start + at)
        last.length += block.length;
      else extents.push({ offset: start + at, length: block.length });
    }
  }
  if (extents.length === 0)
    throw new DvmError("internal", "cannot format a scratch disk: it is empty");
  return { sizeBytes, extents };
}

const zeroBlock = Buffer.alloc(blockBytes);

function isZero(block: Buffer): boolean {
  return block.equals(zeroBlock.subarray(0, block.length));
}

import { Readable } from "node:stream";
import { createHash } from "node:crypto";

/** An entry of a tar that a test makes up; everything else is a plain file's. */
export interface MadeEntry {
  path: string;
  /** ustar type flag: 0 file, 1 hard link, 2 symlink, 3 char, 4 block, 5 folder, 6 fifo. */
  type?: string;
  content?: string | Buffer;
  link?: string;
  mode?: number;
  uid?: number;
  /** Claimed instead of the content's real size. */
  claimedSize?: bigint;
  pax?: Record<string, string | Buffer>;
}

const blockBytes = 512;

/** A tar of made-up entries, legal or not. */
export function makeTar(entries: readonly MadeEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(entryBlocks), Buffer.alloc(2 * blockBytes)]);
}

export function streamOf(bytes: Buffer): Readable {
  return Readable.from([bytes]);
}

/** The parts of a `docker save` archive with these layers; a test may spoil them before `makeTar`. */
export function dockerArchive(
  layers: readonly Buffer[],
  options: { name?: string; config?: object; diffIds?: readonly string[] } = {},
): MadeEntry[] {
  const diffIds = options.diffIds ?? layers.map(digestOf);
  const config = Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      config: { Cmd: ["/bin/true"], ...options.config },
      rootfs: { type: "layers", diff_ids: diffIds },
    }),
  );
  const configName = `${digestOf(config).slice("sha256:".length)}.json`;
  const manifest = [
    {
      Config: configName,
      RepoTags: [options.name ?? "made:latest"],
      Layers: layers.map((_, index) => `${index}/layer.tar`),
    },
  ];
  return [
    ...layers.map((content, index) => ({ path: `${index}/layer.tar`, content })),
    { path: configName, content: config },
    { path: "manifest.json", content: JSON.stringify(manifest) },
  ];
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function entryBlocks(entry: MadeEntry): Buffer[] {
  const content = Buffer.from(entry.content ?? "");
  const size = entry.claimedSize ?? BigInt(content.length);
  const blocks = [header(entry, size), content, padding(content.length)];
  if (entry.pax === undefined) return blocks;
  const records = Buffer.concat(Object.entries(entry.pax).map(paxRecord));
  const pax = { path: "pax", type: "x" };
  return [header(pax, BigInt(records.length)), records, padding(records.length), ...blocks];
}

function header(entry: MadeEntry, size: bigint): Buffer {
  const block = Buffer.alloc(blockBytes);
  block.write(entry.path, 0, 100, "utf8");
  block.write(octal(entry.mode ?? 0o644, 7), 100);
  block.write(octal(entry.uid ?? 0, 7), 108);
  block.write(octal(0, 7), 116);
  writeSize(block, size);
  block.write(octal(1_700_000_000, 11), 136);
  block.write(entry.type ?? "0", 156);
  block.write(entry.link ?? "", 157, 100, "utf8");
  block.write("ustar\u000000", 257);
  block.fill(" ", 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0`, 148);
  return block;
}

/** Octal where it fits, else GNU's base-256. */
function writeSize(block: Buffer, size: bigint): void {
  if (size < 8n ** 11n) {
    block.write(octal(size, 11), 124);
    return;
  }
  let left = size;
  for (let at = 135; at >= 124; at -= 1) {
    block.writeUInt8(Number(left & 0xffn), at);
    left >>= 8n;
  }
  block.writeUInt8(0x80 | block.readUInt8(124), 124);
}

function octal(value: number | bigint, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}

function padding(length: number): Buffer {
  return Buffer.alloc((blockBytes - (length % blockBytes)) % blockBytes);
}

/** `length SP name = value LF`. */
export function paxRecord([name, value]: [string, string | Buffer]): Buffer {
  const body = Buffer.concat([Buffer.from(` ${name}=`), Buffer.from(value), Buffer.from("\n")]);
  let length = body.length + 1;
  while (String(length).length + body.length !== length)
    length = String(length).length + body.length;
  return Buffer.concat([Buffer.from(String(length)), body]);
}

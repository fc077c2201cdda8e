/** One entry of a cpio archive. Paths have no leading slash. */
export type CpioEntry =
  | { kind: "file"; path: string; mode: number; content: Uint8Array }
  | { kind: "folder"; path: string; mode: number }
  | { kind: "link"; path: string; target: string }
  | { kind: "character-device"; path: string; mode: number; major: number; minor: number };

const typeBits = { file: 0o100000, folder: 0o040000, link: 0o120000, "character-device": 0o020000 };

/**
 * A cpio archive in the "newc" form that Linux unpacks as initramfs: owners are root, times zero,
 * so that the same entries give the same bytes.
 * Format: Documentation/driver-api/early-userspace/buffer-format.rst in the kernel's sources.
 */
export function cpioArchive(entries: CpioEntry[]): Buffer {
  const parts = entries.flatMap((entry, index) => entryParts(entry, index + 1));
  parts.push(
    header({ inode: 0, mode: 0, links: 1, size: 0, major: 0, minor: 0, path: "TRAILER!!!" }),
  );
  return Buffer.concat(parts);
}

function entryParts(entry: CpioEntry, inode: number): Buffer[] {
  const content = contentOf(entry);
  const mode = typeBits[entry.kind] | (entry.kind === "link" ? 0o777 : entry.mode);
  const device = entry.kind === "character-device" ? entry : { major: 0, minor: 0 };
  return [
    header({
      inode,
      mode,
      links: entry.kind === "folder" ? 2 : 1,
      size: content.length,
      major: device.major,
      minor: device.minor,
      path: entry.path,
    }),
    content,
    padding(content.length),
  ];
}

function contentOf(entry: CpioEntry): Buffer {
  if (entry.kind === "file") return Buffer.from(entry.content);
  if (entry.kind === "link") return Buffer.from(entry.target);
  return Buffer.alloc(0);
}

interface Header {
  inode: number;
  mode: number;
  links: number;
  size: number;
  major: number;
  minor: number;
  path: string;
}

function header({ inode, mode, links, size, major, minor, path }: Header): Buffer {
  const name = Buffer.from(`${path}\0`);
  const fields = [inode, mode, 0, 0, links, 0, size, 0, 0, major, minor, name.length, 0];
  const text = fields.map((field) => field.toString(16).padStart(8, "0")).join("");
  const head = Buffer.concat([Buffer.from(`070701${text}`), name]);
  return Buffer.concat([head, padding(head.length)]);
}

function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}

import { goModeBit } from "../base/go-file-mode.ts";
import type { FoundFile } from "../engine/files.ts";

const typeBits: Record<string, number> = {
  dir: goModeBit.folder,
  symlink: goModeBit.link,
  block: goModeBit.device,
  char: goModeBit.device + goModeBit.characterDevice,
  fifo: goModeBit.fifo,
  socket: goModeBit.socket,
};
const setuid = 0o4000;
const setgid = 0o2000;
const sticky = 0o1000;

/** The value of `X-Docker-Container-Path-Stat`: base64 of JSON (Engine API, ContainerArchiveInfo). */
export function pathStatHeader({ name, entry }: FoundFile): string {
  const stat = {
    name: text(name),
    size: entry.sizeBytes,
    mode: goFileMode(entry.type, entry.mode),
    mtime: rfc3339(entry.mtimeSeconds, entry.mtimeNanoseconds),
    linkTarget: text(entry.linkTarget),
  };
  return Buffer.from(JSON.stringify(stat)).toString("base64");
}

function goFileMode(type: string, mode: number): number {
  return (
    (mode & 0o777) +
    (typeBits[type] ?? 0) +
    ((mode & setuid) === 0 ? 0 : goModeBit.setuid) +
    ((mode & setgid) === 0 ? 0 : goModeBit.setgid) +
    ((mode & sticky) === 0 ? 0 : goModeBit.sticky)
  );
}

/** What JavaScript can't say of a time, a client can't read either. */
function rfc3339(seconds: number, nanoseconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime()) || seconds < -62_135_596_800 || seconds > 253_402_300_799)
    return "1970-01-01T00:00:00Z";
  const fraction = nanoseconds === 0 ? "" : `.${String(nanoseconds).padStart(9, "0")}`;
  return date.toISOString().replace(/\.\d+Z$/, `${fraction}Z`);
}

function text(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}

import { open } from "node:fs/promises";
import { DvmError, systemErrorCode } from "../base/errors.ts";

const headerBytes = 0x10000;
const magicOffset = 0x202;
const versionPointerOffset = 0x20e;
const setupBase = 0x200;

/**
 * The release (`uname -r`) that a bzImage carries; an error when the file is none.
 * Format: Documentation/arch/x86/boot.rst, fields `header` and `kernel_version`.
 */
export async function readKernelRelease(path: string): Promise<string> {
  const bytes = await firstBytes(path);
  if (bytes.toString("latin1", magicOffset, magicOffset + 4) !== "HdrS")
    throw notKernel(path, "the boot header's HdrS is not there");
  const start = bytes.readUInt16LE(versionPointerOffset) + setupBase;
  const end = bytes.indexOf(0, start);
  const release = bytes.toString("latin1", start, end === -1 ? start : end).split(" ")[0] ?? "";
  if (release === "") throw notKernel(path, "it carries no version");
  return release;
}

async function firstBytes(path: string): Promise<Buffer> {
  try {
    await using file = await open(path, "r");
    const buffer = Buffer.alloc(headerBytes);
    await file.read(buffer, 0, headerBytes, 0);
    return buffer;
  } catch (cause) {
    const fact = systemErrorCode(cause) === "ENOENT" ? "there is no such file" : "it is unreadable";
    throw new DvmError("invalid", `cannot use kernel ${path}: ${fact}`, { cause });
  }
}

function notKernel(path: string, fact: string): DvmError {
  return new DvmError("invalid", `cannot use kernel ${path}: not a Linux bzImage, ${fact}`);
}

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { runTool } from "../host/run-tool.ts";
import { temporaryFolder } from "../host/temporary-folder.ts";
import { decodeLz4Legacy } from "./lz4-legacy.ts";

const setupSectorsOffset = 0x1f1;
const payloadOffsetOffset = 0x248;
const payloadLengthOffset = 0x24c;
const sectorBytes = 512;
/** The parameter's name, as a kernel built with CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES holds it. */
const commandLineParameter = "virtio_mmio.device\0";

/**
 * How a bzImage learns of virtio-mmio devices: `cmdline` where its code holds the parameter for
 * it, else `acpi`; `acpi` too where the code is compressed by what we can't read (LZMA, LZO, BZIP2).
 */
export async function guessDiscovery(dataRoot: string, path: string): Promise<"acpi" | "cmdline"> {
  const code = await kernelCode(dataRoot, await readFile(path)).catch(() => undefined);
  return code?.includes(commandLineParameter) ? "cmdline" : "acpi";
}

/** The kernel proper inside a bzImage. Format: Documentation/arch/x86/boot.rst, `payload_offset`. */
async function kernelCode(dataRoot: string, image: Buffer): Promise<Buffer | undefined> {
  const setupSectors = image.readUInt8(setupSectorsOffset) || 4;
  const start = (setupSectors + 1) * sectorBytes + image.readUInt32LE(payloadOffsetOffset);
  const payload = image.subarray(start, start + image.readUInt32LE(payloadLengthOffset));
  switch (payload.readUInt32BE(0)) {
    case 0x1f8b0800:
      return gunzipSync(payload);
    case 0x28b52ffd:
      return zstdDecompressSync(payload.subarray(0, -4));
    case 0x02214c18:
      return decodeLz4Legacy(payload.subarray(0, -4));
    case 0xfd377a58:
      return await decodeXz(dataRoot, payload.subarray(0, -4));
    default:
      return undefined;
  }
}

async function decodeXz(dataRoot: string, payload: Buffer): Promise<Buffer> {
  await using work = await temporaryFolder(dataRoot, "xz");
  const path = join(work.path, "kernel");
  await writeFile(`${path}.xz`, payload);
  await runTool("xz", ["-d", `${path}.xz`], { purpose: "unpack the kernel" });
  return await readFile(path);
}

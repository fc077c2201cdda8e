import { open } from "node:fs/promises";

/** The last `bytes` bytes of a file as printable text; empty when it isn't there. */
export async function readTail(path: string, bytes: number): Promise<string> {
  try {
    await using file = await open(path, "r");
    const { size } = await file.stat();
    const start = Math.max(0, size - bytes);
    const buffer = Buffer.alloc(size - start);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    return printable(buffer.toString("utf8", 0, bytesRead));
  } catch {
    return "";
  }
}

/** Takes out control characters, so that what a guest printed can't drive a terminal. */
function printable(text: string): string {
  return text
    .replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "")
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "")
    .trim();
}

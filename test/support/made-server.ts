import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Compiles `server.c`, which needs nothing of an image, into a folder of its own in `root`. */
export async function madeServer(root: string): Promise<string> {
  const folder = join(root, "servers");
  await mkdir(folder, { recursive: true });
  const source = join(import.meta.dirname, "server.c");
  const words = ["-O2", "-static", "-Wall", "-Wextra", "-Werror", source];
  await promisify(execFile)("gcc", [...words, "-o", join(folder, "server")]);
  return folder;
}

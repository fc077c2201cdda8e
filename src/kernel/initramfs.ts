import { readFile } from "node:fs/promises";
import { cpioArchive, type CpioEntry } from "./cpio.ts";

interface InitramfsInput {
  /** A static executable; becomes /init. */
  agentPath: string;
  /** Become /modules/`name`, which the agent loads in the order of their names. */
  modules: { name: string; path: string }[];
}

/** The first file system of a guest: the agent, its modules and a console, nothing else. */
export async function buildInitramfs({ agentPath, modules }: InitramfsInput): Promise<Buffer> {
  const entries: CpioEntry[] = [
    ...["dev", "modules", "proc", "sys"].map((path): CpioEntry => ({
      kind: "folder",
      path,
      mode: 0o755,
    })),
    { kind: "character-device", path: "dev/console", mode: 0o600, major: 5, minor: 1 },
    { kind: "file", path: "init", mode: 0o755, content: await readFile(agentPath) },
  ];
  for (const { name, path } of modules) {
    const content = await readFile(path);
    entries.push({ kind: "file", path: `modules/${name}`, mode: 0o644, content });
  }
  return cpioArchive(entries);
}

import { readFile } from "node:fs/promises";

/** Bytes of a process's memory by `Pss`: what it shares counts by its part (proc_pid_smaps(5)). */
export interface ProcessMemory {
  pssBytes: number;
  /** Of these, in mappings that were asked for. */
  selected: { pssBytes: number; privateBytes: number; sharedBytes: number };
}

/** Reads what a process costs; `select` says yes to a mapping by its path and size. */
export async function processMemory(
  pid: number,
  select: (mapping: { path: string; bytes: number }) => boolean,
): Promise<ProcessMemory> {
  const text = await readFile(`/proc/${pid}/smaps`, "utf8");
  const memory = { pssBytes: 0, selected: { pssBytes: 0, privateBytes: 0, sharedBytes: 0 } };
  let isSelected = false;
  for (const line of text.split("\n")) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \d+ *(.*)$/.exec(line);
    if (head !== null) {
      const [, from = "", to = "", path = ""] = head;
      isSelected = select({ path, bytes: Number.parseInt(to, 16) - Number.parseInt(from, 16) });
      continue;
    }
    const [, name = "", kilobytes = "0"] = /^(\w+): +(\d+) kB$/.exec(line) ?? [];
    const bytes = Number(kilobytes) * 1024;
    if (name === "Pss") memory.pssBytes += bytes;
    if (!isSelected) continue;
    if (name === "Pss") memory.selected.pssBytes += bytes;
    else if (name.startsWith("Private_")) memory.selected.privateBytes += bytes;
    else if (name.startsWith("Shared_")) memory.selected.sharedBytes += bytes;
  }
  return memory;
}

import { readFile, readdir } from "node:fs/promises";

/** Process ids of all that `roots` started, and what those started; without the roots and the dead. */
export async function descendants(roots: readonly number[]): Promise<number[]> {
  const children = Map.groupBy(await processes(), ({ parent }) => parent);
  const found: number[] = [];
  const next = [...roots];
  for (let pid = next.pop(); pid !== undefined; pid = next.pop()) {
    const pids = (children.get(pid) ?? []).map((child) => child.pid);
    found.push(...pids);
    next.push(...pids);
  }
  return found;
}

async function processes(): Promise<{ pid: number; parent: number }[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = await Promise.all(
    pids.map(async (pid) => {
      // a process may have gone since
      const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
      const parent = /^\) [^Z] (\d+)/.exec(stat.slice(stat.lastIndexOf(")")))?.[1];
      return parent === undefined ? [] : [{ pid, parent: Number(parent) }];
    }),
  );
  return all.flat();
}

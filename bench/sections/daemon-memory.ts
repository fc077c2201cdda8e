import { residentBytes } from "../measure/memory.ts";
import type { Figure, Row } from "../report/figure.ts";
import type { Bench } from "./section.ts";

/** What the daemons hold resident after all the rest: ours without a pool; dockerd and its containerd. */
export async function daemonMemory({ contenders }: Bench): Promise<Row[]> {
  const { daemon } = await contenders.withoutPool();
  const docker = await contenders.docker();
  return [
    ...(await describe("DVM", [daemon.pid])),
    ...("peer" in docker
      ? await describe(docker.peer.name, (await docker.peer.processes()).daemon)
      : []),
  ];
}

async function describe(of: string, pids: readonly number[]): Promise<Figure[]> {
  const each = await Promise.all(pids.map(residentBytes));
  const megabytes = (bytes: readonly number[]) => bytes.reduce((sum, one) => sum + one, 0) / 1e6;
  const key = { section: "daemon", of, unit: "MB" } as const;
  return [
    { ...key, what: "daemon, now", values: [megabytes(each.map(({ now }) => now))] },
    { ...key, what: "daemon, at most", values: [megabytes(each.map(({ most }) => most))] },
  ];
}

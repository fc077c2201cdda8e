import type { ContainerStatistics, ProcessEntry, ProcessList } from "./agent-types.ts";
import { MessageReader } from "./wire.ts";

const maximumProcesses = 65_536;
const maximumCards = 16;
/** How the agent says that there is no limit. */
const noLimit = 2n ** 63n;

/** PROCESSES, as guest/stat.c writes it. */
export function decodeProcesses(payload: Buffer): ProcessList {
  const from = new MessageReader(payload);
  const ticksPerSecond = from.u32() || 100;
  const pageBytes = from.u32();
  const [uptimeMs, memoryBytes] = [from.size(), from.size()];
  const found = from.list(maximumProcesses, () => ({
    outerPid: from.u32(),
    pid: from.u32(),
    name: from.text(),
    fields: from.text().split(" "),
    command: from.text(),
    lockedBytes: from.size(),
    uid: from.u32(),
    effectiveUid: from.u32(),
    gid: from.u32(),
    effectiveGid: from.u32(),
    user: from.text(),
    group: from.text(),
  }));
  from.end();
  const inner = new Map(found.map(({ outerPid, pid }) => [outerPid, pid]));
  const processes = found.map(({ fields, ...one }) => ({
    ...one,
    ...readFields(fields, { inner, ticksPerSecond, pageBytes, uptimeMs }),
  }));
  return { processes, memoryBytes };
}

interface FieldContext {
  /** Process ids inside the container by those of the machine. */
  inner: ReadonlyMap<number, number>;
  ticksPerSecond: number;
  pageBytes: number;
  uptimeMs: number;
}

/** Fields of /proc/PID/stat from the third on, as proc(5) numbers them. */
function readFields(
  fields: readonly string[],
  { inner, ticksPerSecond, pageBytes, uptimeMs }: FieldContext,
): Omit<ProcessEntry, OwnFields> {
  const number = (place: number) => Number(fields[place - 3] ?? 0) || 0;
  const ms = (ticks: number) => (ticks * 1000) / ticksPerSecond;
  const inside = (place: number) => inner.get(number(place)) ?? 0;
  return {
    state: fields[0] ?? "?",
    ppid: inside(4),
    processGroup: inside(5),
    session: inside(6),
    tty: terminalName(number(7)),
    foregroundGroup: inside(8),
    flags: number(9),
    minorFaults: number(10),
    majorFaults: number(12),
    cpuMs: ms(number(14) + number(15)),
    priority: number(18),
    nice: number(19),
    threads: number(20),
    ageMs: Math.max(0, uptimeMs - ms(number(22))),
    virtualBytes: number(23),
    residentBytes: number(24) * pageBytes,
    processor: number(39),
    policy: number(41),
  };
}

type OwnFields =
  | ("pid" | "name" | "command" | "lockedBytes" | "user" | "group")
  | ("uid" | "effectiveUid" | "gid" | "effectiveGid");

/** Device number of /dev/pts/N: major 136, N in bits 0–7 and 20–31. */
function terminalName(device: number): string {
  if (((device >> 8) & 0xfff) !== 136) return "?";
  return `pts/${(device & 0xff) | ((device >>> 12) & 0xfff00)}`;
}

/** STATISTICS, as guest/stat.c writes it. */
export function decodeStatistics(payload: Buffer): ContainerStatistics {
  const from = new MessageReader(payload);
  const used = from.size();
  const machineTotal = from.size();
  const limit = from.u64();
  const statistics = {
    memoryUsedBytes: used,
    memoryTotalBytes: limit === 0n || limit >= noLimit ? machineTotal : Number(limit),
    systemCpuNs: from.u64(),
    onlineCpus: from.u32(),
    pids: Number(from.u64()),
    pidsLimit: limitOf(from.u64()),
    network: from.list(maximumCards, () => ({
      name: from.text(),
      rxBytes: from.size(),
      rxPackets: from.size(),
      rxErrors: from.size(),
      rxDropped: from.size(),
      txBytes: from.size(),
      txPackets: from.size(),
      txErrors: from.size(),
      txDropped: from.size(),
    })),
    cpu: readPairs(from.text()),
    memory: readPairs(from.text()),
    memoryEvents: readPairs(from.text()),
    blocks: readBlocks(from.text()),
  };
  from.end();
  return statistics;
}

function limitOf(limit: bigint): number | undefined {
  return limit >= noLimit ? undefined : Number(limit);
}

/** Lines of `name value`. */
function readPairs(text: string): ReadonlyMap<string, number> {
  const pairs = text.split("\n").flatMap((line): [string, number][] => {
    const [name, value] = line.split(" ");
    return name === undefined || value === undefined ? [] : [[name, Number(value)]];
  });
  return new Map(pairs);
}

/** Lines of `major:minor rbytes=… wbytes=… rios=… …`. */
function readBlocks(text: string): ContainerStatistics["blocks"] {
  return [...text.matchAll(/^(\d+):(\d+)(.*)$/gm)].map(([, major, minor, rest = ""]) => {
    const value = (key: string) => Number(new RegExp(` ${key}=(\\d+)`).exec(rest)?.[1] ?? 0);
    const [readBytes, writtenBytes] = [value("rbytes"), value("wbytes")];
    return { major: Number(major), minor: Number(minor), readBytes, writtenBytes };
  });
}

import { goTime, neverTime } from "../base/timestamps.ts";
import { whileAwake } from "../engine/containers.ts";
import type { ContainerStatistics as Measured, Engine } from "../engine/core.ts";
import { type ContainerRecord, isRunning } from "../engine/records.ts";
import type { RunningMachine } from "../engine/runs.ts";

/** DVM's own: what the machine costs the host. Pages that clones share count by their part. */
function describeHostMemory({ totalBytes, guest }: NonNullable<HostMemory>) {
  return {
    pss: totalBytes,
    guest_pss: guest.totalBytes,
    guest_private: guest.privateBytes,
    guest_shared: guest.sharedBytes,
    vmm_pss: totalBytes - guest.totalBytes,
  };
}

type HostMemory = Awaited<ReturnType<RunningMachine["machine"]["memory"]>>;

export interface ContainerStatistics {
  read: string;
  preread: string;
  cpu_stats: object;
  precpu_stats: object;
  [field: string]: unknown;
}

/** One reading in the Engine API's shape; `previous` is what CPU use is compared with. */
export async function containerStatistics(
  engine: Engine,
  id: string,
  previous: ContainerStatistics | undefined,
): Promise<ContainerStatistics> {
  const record = engine.containers.find(id);
  if (!isRunning(record)) return nothingUsed(record);
  const [now, host] = await whileAwake(engine, record, ({ machine: { agent, machine } }) =>
    Promise.all([agent.statistics(id), machine.memory()]),
  );
  return {
    name: `/${record.name}`,
    id: record.id,
    read: goTime(new Date()),
    preread: previous?.read ?? neverTime,
    pids_stats: {
      current: now.pids,
      ...(now.pidsLimit === undefined ? {} : { limit: now.pidsLimit }),
    },
    blkio_stats: describeBlocks(now),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: describeProcessors(now),
    precpu_stats: previous?.cpu_stats ?? noProcessors,
    memory_stats: describeMemory(now),
    ...(now.network.length === 0 ? {} : { networks: describeNetworks(now) }),
    ...(host === undefined ? {} : { dvm_host_memory: describeHostMemory(host) }),
  };
}

/** What Docker has no numbers of where cgroups are of version 2. */
const noBlocks = {
  io_service_bytes_recursive: null,
  io_serviced_recursive: null,
  io_queue_recursive: null,
  io_service_time_recursive: null,
  io_wait_time_recursive: null,
  io_merged_recursive: null,
  io_time_recursive: null,
  sectors_recursive: null,
};

function describeBlocks({ blocks }: Measured) {
  if (blocks.length === 0) return noBlocks;
  const entries = blocks.flatMap(({ major, minor, readBytes, writtenBytes }) => [
    { major, minor, op: "read", value: readBytes },
    { major, minor, op: "write", value: writtenBytes },
  ]);
  return { ...noBlocks, io_service_bytes_recursive: entries };
}

const noProcessors = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
};

function describeProcessors({ cpu, systemCpuNs, onlineCpus }: Measured) {
  const ns = (name: string) => (cpu.get(name) ?? 0) * 1000;
  return {
    cpu_usage: {
      total_usage: ns("usage_usec"),
      usage_in_kernelmode: ns("system_usec"),
      usage_in_usermode: ns("user_usec"),
    },
    system_cpu_usage: Number(systemCpuNs),
    online_cpus: onlineCpus,
    throttling_data: {
      periods: cpu.get("nr_periods") ?? 0,
      throttled_periods: cpu.get("nr_throttled") ?? 0,
      throttled_time: ns("throttled_usec"),
    },
  };
}

/** Of what the kernel counts, what Docker tells. */
const memoryKeys = [
  ...["anon", "file", "kernel_stack", "slab", "sock", "shmem", "file_mapped", "file_dirty"],
  ...["file_writeback", "anon_thp", "inactive_anon", "active_anon", "inactive_file"],
  ...["active_file", "unevictable", "slab_reclaimable", "slab_unreclaimable", "pgfault"],
  ...["pgmajfault", "workingset_refault", "workingset_activate", "workingset_nodereclaim"],
  ...["pgrefill", "pgscan", "pgsteal", "pgactivate", "pgdeactivate", "pglazyfree"],
  ...["pglazyfreed", "thp_fault_alloc", "thp_collapse_alloc"],
];

function describeMemory({ memory, memoryEvents, memoryUsedBytes, memoryTotalBytes }: Measured) {
  const failures = memoryEvents.get("oom") ?? 0;
  return {
    usage: memoryUsedBytes,
    stats: Object.fromEntries(memoryKeys.map((key) => [key, memory.get(key) ?? 0])),
    ...(failures === 0 ? {} : { failcnt: failures }),
    limit: memoryTotalBytes,
  };
}

function describeNetworks({ network }: Measured) {
  return Object.fromEntries(
    network.map((card) => [
      card.name,
      {
        rx_bytes: card.rxBytes,
        rx_packets: card.rxPackets,
        rx_errors: card.rxErrors,
        rx_dropped: card.rxDropped,
        tx_bytes: card.txBytes,
        tx_packets: card.txPackets,
        tx_errors: card.txErrors,
        tx_dropped: card.txDropped,
      },
    ]),
  );
}

/** As Docker tells of a container that doesn't run. */
function nothingUsed({ id, name }: ContainerRecord): ContainerStatistics {
  return {
    ...{ name: `/${name}`, id, read: neverTime, preread: neverTime },
    pids_stats: {},
    blkio_stats: noBlocks,
    num_procs: 0,
    storage_stats: {},
    cpu_stats: noProcessors,
    precpu_stats: noProcessors,
    memory_stats: {},
  };
}

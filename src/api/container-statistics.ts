import { neverTime, timestamp } from "../base/timestamps.ts";
import { whileAwake } from "../engine/containers.ts";
import type { Engine } from "../engine/core.ts";
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
    id: record.id,
    name: `/${record.name}`,
    read: timestamp(),
    preread: previous?.read ?? neverTime,
    pids_stats: { current: now.pids },
    num_procs: 0,
    cpu_stats: {
      cpu_usage: { total_usage: Number(now.cpuUsageNs) },
      system_cpu_usage: Number(now.systemCpuNs),
      online_cpus: now.onlineCpus,
    },
    precpu_stats: previous?.cpu_stats ?? { cpu_usage: { total_usage: 0 } },
    memory_stats: {
      usage: now.memoryUsedBytes,
      limit: now.memoryTotalBytes,
      stats: { inactive_file: now.memoryCacheBytes },
    },
    ...(host === undefined ? {} : { dvm_host_memory: describeHostMemory(host) }),
    networks: Object.fromEntries(
      now.network.map(({ name, rxBytes, rxPackets, txBytes, txPackets }) => [
        name,
        { rx_bytes: rxBytes, rx_packets: rxPackets, tx_bytes: txBytes, tx_packets: txPackets },
      ]),
    ),
    blkio_stats: {
      io_service_bytes_recursive: [
        { major: 254, minor: 0, op: "read", value: now.blockReadBytes },
        { major: 254, minor: 0, op: "write", value: now.blockWriteBytes },
      ],
    },
  };
}

/** As Docker tells of a container that doesn't run. */
function nothingUsed({ id, name }: ContainerRecord): ContainerStatistics {
  return {
    ...{ id, name: `/${name}`, read: neverTime, preread: neverTime, num_procs: 0 },
    pids_stats: {},
    cpu_stats: { cpu_usage: { total_usage: 0 } },
    precpu_stats: { cpu_usage: { total_usage: 0 } },
    memory_stats: {},
    blkio_stats: { io_service_bytes_recursive: null },
  };
}

/** Bounds of the pool. */
export interface PoolLimits {
  /** Machines that stand ready for each shape; 0 turns the pool off. */
  perShape: number;
  /** In all. */
  machines: number;
}

/** Of the host's memory, at most, where nobody said otherwise. */
const budgetShare = 0.01;
/** Nor more than this of it, whatever was said. */
const mostShare = 0.1;
/** What a ready machine costs at most, measured: docs/benchmarks.md. */
const machineMiB = 40;
const mostByDefault = 2;
/** How many machines stand ready by default: none on a host where they would cost too much. */
export function defaultPoolSize(hostMemoryBytes: number): number {
  const affordable = Math.floor((hostMemoryBytes * budgetShare) / (machineMiB * 2 ** 20));
  return Math.min(mostByDefault, affordable);
}

/** How many may ever stand ready: more would take over a tenth of the host's memory. */
export function mostMachines(hostMemoryBytes: number): number {
  return Math.floor((hostMemoryBytes * mostShare) / (machineMiB * 2 ** 20));
}

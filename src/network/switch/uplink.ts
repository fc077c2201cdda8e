/** How a switch is joined with what is outside. */
export interface Uplink {
  /** Addresses by which machines that may reach the host. */
  readonly hostAddresses: string[];
  /** Joins a switch that runs as this process. Idempotent. */
  join(pid: number): Promise<void>;
  /** Mends what others have broken since; `unavailable` when it can't be. */
  mend(pid: number): Promise<void>;
  /** Lets the host itself reach these subnets, where it can. */
  leadTo(subnets: readonly string[]): Promise<void>;
}

/** Says lines to the switch, and gives what stands behind their `ok`. */
export type Say = (lines: readonly string[]) => Promise<string[]>;

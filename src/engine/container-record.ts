import type { ContainerConfig, HostConfig } from "./container-config.ts";

/** A state carries what exists in it. Times are RFC 3339 with nanoseconds, as Docker gives them. */
export type ContainerState =
  | { kind: "created"; failure?: { exitCode: number; error: string } }
  | { kind: "running" | "paused"; startedAt: string; pid: number }
  | {
      kind: "exited";
      startedAt: string;
      finishedAt: string;
      exitCode: number;
      oomKilled: boolean;
      error: string;
    };

/** A place in the container that is not of its image. */
export interface MountPoint {
  Type: "bind" | "volume" | "tmpfs";
  Name?: string;
  Source: string;
  Destination: string;
  Driver?: string;
  Mode: string;
  RW: boolean;
  Propagation: string;
  /** tmpfs only: options as `size=1m,mode=1777`. */
  options?: string;
  /** The volume was made for this container and goes with it. */
  anonymous?: boolean;
}

export interface BoundPort {
  containerPort: number;
  protocol: "tcp" | "udp";
  hostAddress: string;
  /** 0 until the container runs, where the user left the choice open. */
  hostPort: number;
}

/** All that is kept of a container; lives in the state store. */
export interface ContainerRecord {
  id: string;
  name: string;
  createdAt: string;
  imageId: string;
  config: ContainerConfig;
  hostConfig: HostConfig;
  path: string;
  args: string[];
  mounts: MountPoint[];
  mac: string;
  /** Ports as they were asked for; 0 on the host means any. */
  requestedPorts: BoundPort[];
  /** Ports as they are bound by this run; empty when there is none. */
  ports: BoundPort[];
  restartCount: number;
  state: ContainerState;
  /** How its last start went. */
  start?: StartReport;
}

/** Where a container's machine came from, and what the start took. */
export interface StartReport {
  /** `pool`: it stood ready; `clone`: of a template; `cold`: it was booted. */
  origin: "pool" | "clone" | "cold";
  /** There was no template of this kind, and it was made first. */
  madeTemplate: boolean;
  /** Name and release of the kernel; starts of earlier versions lack it. */
  kernel?: string;
  /** One after the other, in milliseconds. */
  phases: { name: string; ms: number }[];
}

export function isRunning(record: ContainerRecord): boolean {
  return record.state.kind === "running" || record.state.kind === "paused";
}

/** The container's folder name under the run root: short, for a socket's path holds 107 bytes. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

export const neverTime = "0001-01-01T00:00:00Z";

/** Now, as RFC 3339 with nine digits after the point. */
export function timestamp(now = new Date()): string {
  return now.toISOString().replace("Z", "000000Z");
}

import type { MachineOrigin } from "../../supply/machine-order.ts";
import type { ContainerState } from "./container-state.ts";
import type { Health } from "./health.ts";
import type { DockerRequest } from "./docker-request.ts";
import type { RestartRecord } from "./decide-restart.ts";
import type { RunSpecification } from "./run-specification.ts";

/** All that is kept of a container. */
export interface ContainerRecord {
  id: string;
  name: string;
  createdAt: string;
  /** As the image was asked for. */
  imageName: string;
  labels: Record<string, string>;
  /** For who asks what was asked for. */
  request: DockerRequest;
  /** What is to run. */
  run: RunSpecification;
  /** By its restart policy, since somebody started it. */
  restartCount: number;
  restart: RestartRecord;
  /** Undefined: it was never checked. */
  health?: Health | undefined;
  state: ContainerState;
  /** How its last start went. */
  lastStart?: StartReport | undefined;
}

/** Where a container's machine came from, and what the start took. */
export interface StartReport {
  /** `shared`: another container was in it already. */
  origin: MachineOrigin | "shared";
  /** There was no template of this kind, and it was made first. */
  madeTemplate: boolean;
  /** Name and release of the kernel; starts of earlier versions lack it. */
  kernel?: string | undefined;
  /** One after the other, in milliseconds. */
  phases: { name: string; ms: number }[];
}

/** As Docker counts it: one that its restart policy is about to start runs, too. */
export function isRunning(record: Pick<ContainerRecord, "state">): boolean {
  return isUp(record) || record.state.kind === "restarting";
}

/** Whether there are processes of it. */
export function isUp({ state }: Pick<ContainerRecord, "state">): boolean {
  return state.kind === "running" || state.kind === "paused" || state.kind === "detached";
}

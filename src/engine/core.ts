/*
 * What all use cases share: the engine, the one writer of containers, the machines, events, execs.
 * Others use what stands here, and nothing behind it.
 */

export { type Containers, hasEnded, type HeldContainer } from "./core/containers.ts";
export { defaultSettings, type EngineSettings } from "./core/engine-settings.ts";
export {
  type ContainerStatistics,
  Engine,
  hostVersion,
  type Image,
  type ImageRemoval,
  type ImageUsers,
  type ProcessList,
} from "./core/engine.ts";
export { isPredefined, type Networks } from "./core/networks.ts";
export type { EngineEvent } from "./core/events.ts";
export type { Exec } from "./core/exec-table.ts";
export { egressOf } from "./core/egress-of.ts";
export { egressText } from "../network/egress/egress-policy.ts";

/*
 * What is kept: of containers, machines, volumes, images' needs; and the life cycle, as a pure
 * function. Others use what stands here, and nothing behind it.
 */

export {
  type ContainerRecord,
  isRunning,
  isUp,
  type StartReport,
} from "./records/container-record.ts";
export {
  type ContainerEvent,
  type ContainerState,
  next,
  otherStartFailure,
  type RunNetwork,
} from "./records/container-state.ts";
export { decideRestart, noRestarts, startsWithDaemon } from "./records/decide-restart.ts";
export {
  type ContainerConfig,
  containerConfigSchema,
  type DockerRequest,
  endpointSchema,
  type HostConfig,
  hostConfigSchema,
  type Resources,
  resourcesSchema,
} from "./records/docker-request.ts";
export { defaultRuntime, runtimes, withDefaults } from "./records/request/with-defaults.ts";
export { maskedPaths, readOnlyPaths } from "./records/request/system-paths.ts";
export { attachedNetworks } from "./records/request/attached-networks.ts";
export { restartPolicySchema } from "./records/request/life-fields.ts";
export { shownConfig, withoutNothing } from "./records/request/shown-config.ts";
export type { ExecRequest } from "./records/exec-request.ts";
export {
  type FitRecord,
  fitRecordSchema,
  type FoundNeeds,
  judgingVersion,
} from "./records/fit-record.ts";
export {
  type Health,
  healthAfter,
  healthAtStart,
  healthUnchecked,
  type Probe,
} from "./records/health.ts";
export type { NetworkConfig, NetworkPool, NetworkRecord } from "./records/network-record.ts";
export type { MachineRecord } from "./records/machine-record.ts";
export type { EndpointSpecification, RunEndpoint } from "./records/endpoint.ts";
export { ownEndpoint } from "./records/earlier-networks.ts";
export { cleanMacAddress } from "./records/request/mac-address.ts";
export { specifyEndpoint, sysctlOption } from "./records/specify-networks.ts";
export type {
  BoundPort,
  Mount,
  RequestedPort,
  RunSpecification,
} from "./records/run-specification.ts";
export {
  sharingContainer,
  specifyLimits,
  specifyRun,
  terminalSize,
} from "./records/specify-run.ts";
export { StateStore, type VolumeRecord } from "./records/state-store.ts";
export { machineOf } from "./records/stored-container.ts";

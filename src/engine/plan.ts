/*
 * From what was asked for to what is to run, and from that to machines, set-ups and processes.
 * Others use what stands here, and nothing behind it.
 */

export { capabilityMask } from "./plan/capability-mask.ts";
export {
  containerSetup,
  hasOwnNetwork,
  imageDisk,
  isForwarded,
  type MachinePlan,
  machineSetup,
  machineSpec,
  neighbourSetup,
  placesOf,
  scratchDisk,
} from "./plan/machine-plan.ts";
export { machineCpus, memoryMiB } from "./plan/machine-size.ts";
export { mountSources } from "./plan/mount-sources.ts";
export { mergeEnvironment, newRecord } from "./plan/new-record.ts";
export { placeDevices } from "./plan/place-devices.ts";
export { leaveMounts, placeMounts, sharePlaced } from "./plan/place-mounts.ts";
export type { SpecialMount } from "./plan/special-mounts.ts";
export { orderOf } from "./plan/order-machine.ts";
export { plainSetup } from "./plan/plain-setup.ts";
export { cardsOf } from "./plan/cards.ts";
export { askedMac, planMachine, tapSource } from "./plan/plan-machine.ts";
export { sharePlaces } from "./plan/machine-places.ts";
export { switchCard } from "./plan/prepared-card.ts";
export { userCard } from "./plan/user-card.ts";
export { execProcessSpec, mainProcessSpec, probeProcessSpec } from "./plan/process-spec.ts";
export { ownHosts, resolverAddress } from "./plan/network-files.ts";
export { namingEndpoints } from "./plan/naming-endpoints.ts";
export { addressesOf, type PlannedNaming, planNaming } from "./plan/plan-naming.ts";
export { checkRun } from "./plan/check-run.ts";
export { containerLimits } from "./plan/container-limits.ts";
export { limitSupport, settleResources } from "./plan/request/resources/settle-resources.ts";
export { linkEnvironment } from "./plan/link-environment.ts";
export { machineLimits } from "./plan/machine-limits.ts";
export { checkUpdate } from "./plan/request/check-update.ts";
export { type AskedUpdate, mergeUpdate } from "./plan/request/resources/merge-update.ts";
export { checkRequest } from "./plan/request/check-request.ts";
export { isSupported, signalNumber, stopSignal } from "../base/signals.ts";

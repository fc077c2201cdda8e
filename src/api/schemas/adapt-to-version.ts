import { DvmError } from "../../base/errors.ts";
import type { DockerRequest } from "../../engine/records.ts";
import { type ApiVersion, isOlder } from "../api-version.ts";
import { adaptMacAddress, adaptSysctls, checkEndpointCount } from "./adapt-endpoints.ts";

export interface AdaptedRequest {
  request: DockerRequest;
  warnings: string[];
}

type HostConfig = DockerRequest["hostConfig"];
type Mounts = NonNullable<HostConfig["Mounts"]>;

/**
 * What a request means in the version of its API, as dockerd's router has it: fields that came later
 * are none, and what was moved is taken from where it was.
 */
export function adaptToVersion(given: DockerRequest, version: ApiVersion): AdaptedRequest {
  const request = structuredClone(given);
  const { hostConfig, endpoints } = request;
  if (hostConfig.NetworkMode === "" || hostConfig.NetworkMode === "default") {
    hostConfig.NetworkMode = "bridge";
    const { default: ofDefault } = endpoints;
    if (ofDefault !== undefined) endpoints["bridge"] = ofDefault;
    delete endpoints["default"];
  }
  adaptHostConfig(hostConfig, version);
  adaptMounts(hostConfig.Mounts ?? [], version);
  if (isOlder(version, "1.44")) {
    delete request.config.Healthcheck?.StartInterval;
    checkEndpointCount(endpoints);
  }
  if (isOlder(version, "1.48"))
    for (const endpoint of Object.values(endpoints)) endpoint.GwPriority = 0;
  const warnings = [
    ...volumeDriverWarnings(hostConfig, version),
    ...adaptMacAddress(request, version),
    ...adaptSysctls(request, version),
  ];
  return { request, warnings };
}

function adaptHostConfig(hostConfig: HostConfig, version: ApiVersion): void {
  if (isOlder(version, "1.25")) hostConfig.AutoRemove = false;
  if (isOlder(version, "1.40")) {
    hostConfig.KernelMemoryTCP = 0;
    hostConfig.IpcMode ||= "shareable";
  }
  if (isOlder(version, "1.42")) hostConfig.ConsoleSize = [0, 0];
  else hostConfig.KernelMemory = 0;
  if (isOlder(version, "1.43")) hostConfig.Annotations = null;
}

function adaptMounts(mounts: Mounts, version: ApiVersion): void {
  for (const mount of mounts) {
    const { BindOptions, VolumeOptions } = mount;
    if (isOlder(version, "1.40") && BindOptions !== undefined) BindOptions.NonRecursive = undefined;
    if (isOlder(version, "1.42")) {
      if (BindOptions !== undefined) BindOptions.CreateMountpoint = undefined;
      if (mount.Type !== "volume") mount.VolumeOptions = undefined;
      if (mount.Type !== "tmpfs") mount.TmpfsOptions = undefined;
    } else checkOptions(mount);
    if (isOlder(version, "1.44") && mount.Type === "bind" && BindOptions?.ReadOnlyForceRecursive)
      throw refused("BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer");
    if (isOlder(version, "1.45") && (VolumeOptions?.Subpath ?? "") !== "")
      throw refused("VolumeOptions.Subpath needs API v1.45 or newer");
  }
}

/** Each kind of mount has options of its own. */
function checkOptions({ Type, VolumeOptions, BindOptions, TmpfsOptions }: Mounts[number]): void {
  for (const [kind, name, options] of [
    ["volume", "VolumeOptions", VolumeOptions],
    ["bind", "BindOptions", BindOptions],
    ["tmpfs", "TmpfsOptions", TmpfsOptions],
  ] as const)
    if (options !== undefined && Type !== kind)
      throw refused(`${name} must not be specified on mount type "${Type}"`);
}

function volumeDriverWarnings({ VolumeDriver, Mounts }: HostConfig, version: ApiVersion): string[] {
  if (VolumeDriver === "" || isOlder(version, "1.48")) return [];
  const isOpen = (Mounts ?? []).some(
    ({ Type, VolumeOptions }) =>
      Type === "volume" && (VolumeOptions?.DriverConfig?.Name ?? "") === "",
  );
  return isOpen
    ? [
        "WARNING: the container-wide volume-driver configuration is ignored for volumes specified via 'mount'. Use '--mount type=volume,volume-driver=...' instead",
      ]
    : [];
}

function refused(words: string): DvmError {
  return new DvmError("invalid", words);
}

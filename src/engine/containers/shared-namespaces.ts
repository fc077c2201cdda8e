import { DvmError } from "../../base/errors.ts";
import type { Containers } from "../core.ts";
import { type DockerRequest, sharingContainer } from "../records.ts";

/** Docker's `container:NAME` of network, IPC and PID modes, with the id in place of the name. */
export function resolveSharedNamespaces(
  containers: Containers,
  request: DockerRequest,
): DockerRequest {
  const { NetworkMode, IpcMode, PidMode } = request.hostConfig;
  const withId = (mode: string, isRequired: boolean) => {
    const named = sharingContainer(mode);
    return named === undefined ? mode : `container:${idOf(containers, named, isRequired)}`;
  };
  const hostConfig = {
    ...request.hostConfig,
    // it may come before the start
    NetworkMode: withId(NetworkMode, false),
    IpcMode: withId(IpcMode, true),
    PidMode: withId(PidMode, true),
  };
  return { ...request, hostConfig };
}

function idOf(containers: Containers, named: string, isRequired: boolean): string {
  try {
    return containers.find(named).id;
  } catch (error) {
    if (!(error instanceof DvmError) || error.code !== "not-found") throw error;
    if (!isRequired) return named;
    throw new DvmError("invalid", error.message);
  }
}

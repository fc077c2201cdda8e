import { DvmError } from "../../../base/errors.ts";
import { type HostConfig, runtimes } from "../../records.ts";
import { refuseGiven } from "./refuse-given.ts";

/** Which namespaces are whose, and how the container is run in them. */
export function checkNamespaces(hostConfig: HostConfig): void {
  const { Cgroup, CgroupnsMode, IpcMode, PidMode, UTSMode, UsernsMode } = hostConfig;
  const { ShmSize, OomScoreAdj, Annotations, Runtime } = hostConfig;
  if ("" in (Annotations ?? {}))
    throw new DvmError(
      "invalid",
      "invalid Annotations: the empty string is not permitted as an annotation key",
    );
  if (ShmSize < 0) throw new DvmError("invalid", "SHM size can not be less than 0");
  if (Runtime !== "" && !runtimes.includes(Runtime))
    throw new DvmError("invalid", `unknown or invalid runtime name: ${Runtime}`);
  refuseGiven(
    "HostConfig.",
    { Cgroup, CgroupnsMode, IpcMode, PidMode, UTSMode, UsernsMode, OomScoreAdj },
    { CgroupnsMode: ["private"], IpcMode: ["private", "shareable"] },
  );
}

/** Windows has more of it, Linux the default only. */
export function checkIsolation({ Isolation }: HostConfig): void {
  if (!["", "default"].includes(Isolation.toLowerCase()))
    throw new DvmError(
      "invalid",
      `invalid isolation (${Isolation}): linux only supports 'default'`,
    );
}

import { DvmError } from "../../../base/errors.ts";
import { type HostConfig, runtimes } from "../../records.ts";

/** Which of these a mode may be besides a container's; "" is the default. */
const modes = {
  IpcMode: { name: "IPC mode", values: ["", "none", "private", "host", "shareable"] },
  PidMode: { name: "PID mode", values: ["", "host"] },
  UTSMode: { name: "UTS mode", values: ["", "host"] },
  CgroupnsMode: { name: "cgroup namespace mode", values: ["", "private", "host"] },
} as const;

/** Which namespaces are whose, and how the container is run in them. Gives warnings. */
export function checkNamespaces(hostConfig: HostConfig): string[] {
  const { ShmSize, OomScoreAdj, Runtime, IpcMode, PidMode, UTSMode, CgroupnsMode } = hostConfig;
  if (!IpcMode.startsWith("container:")) checkMode("IpcMode", IpcMode);
  if (!/^container:./.test(PidMode)) checkMode("PidMode", PidMode);
  if (ShmSize < 0) throw new DvmError("invalid", "SHM size can not be less than 0");
  checkMode("UTSMode", UTSMode);
  if (OomScoreAdj < -1000 || OomScoreAdj > 1000)
    throw new DvmError(
      "invalid",
      `Invalid value ${OomScoreAdj}, range for oom score adj is [-1000, 1000]`,
    );
  if (Runtime !== "" && !runtimes.includes(Runtime))
    throw new DvmError("invalid", `unknown or invalid runtime name: ${Runtime}`);
  checkMode("CgroupnsMode", CgroupnsMode);
  return warningsOf(hostConfig);
}

/** Windows has more of it, Linux the default only. */
export function checkIsolation({ Isolation }: HostConfig): void {
  if (!["", "default"].includes(Isolation.toLowerCase()))
    throw new DvmError(
      "invalid",
      `invalid isolation (${Isolation}): linux only supports 'default'`,
    );
}

export function checkAnnotations({ Annotations }: HostConfig): void {
  if ("" in (Annotations ?? {}))
    throw new DvmError(
      "invalid",
      "invalid Annotations: the empty string is not permitted as an annotation key",
    );
}

/** The host's name a container can have; more of the host is not in its machine. */
function warningsOf(hostConfig: HostConfig): string[] {
  const { IpcMode, PidMode, CgroupnsMode, CgroupParent } = hostConfig;
  const own = (what: string) =>
    `A machine cannot share the host's ${what} namespace: the container has one of its own.`;
  return [
    ...(IpcMode === "host" ? [own("IPC")] : []),
    ...(PidMode === "host" ? [own("PID")] : []),
    ...(CgroupnsMode === "host" ? [own("cgroup")] : []),
    ...(CgroupParent === ""
      ? []
      : ["A machine has no cgroup of the host's: the container's cgroup has no other parent."]),
  ];
}

function checkMode(field: keyof typeof modes, value: string): void {
  const { name, values } = modes[field];
  if (!values.some((one) => one === value))
    throw new DvmError("invalid", `invalid ${name}: ${value}`);
}

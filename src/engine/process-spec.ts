import type { ProcessSpec } from "../agent/agent-client.ts";
import { DvmError } from "../base/errors.ts";
import { capabilityMask } from "./capability-mask.ts";
import type { ContainerRecord } from "./container-record.ts";
import { resourceLimits } from "./resource-limits.ts";

const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const defaultTerminal = { rows: 24, columns: 80 };

/** The container's main process, from its record. */
export function mainProcessSpec(record: ContainerRecord): ProcessSpec {
  const { config, hostConfig } = record;
  return {
    args: [record.path, ...record.args],
    env: processEnvironment(record, config.Tty, []),
    cwd: config.WorkingDir === "" ? "/" : config.WorkingDir,
    user: config.User,
    stdin: config.OpenStdin,
    ...shared(record, config.Tty, hostConfig.Privileged),
    ...terminalSize(hostConfig.ConsoleSize),
    init: hostConfig.Init,
  };
}

/** The client tells changes later: a program must not begin with another size. */
function terminalSize([rows = 0, columns = 0]: number[] = []): { rows: number; columns: number } {
  return rows > 0 && columns > 0 ? { rows, columns } : defaultTerminal;
}

/** What an exec was asked to be: the Engine API's `ExecConfig`. */
export interface ExecRequest {
  Cmd: string[];
  Env: string[];
  WorkingDir: string;
  User: string;
  Tty: boolean;
  AttachStdin: boolean;
  AttachStdout: boolean;
  AttachStderr: boolean;
  Privileged: boolean;
  DetachKeys: string;
  /** Rows and columns of the terminal at its start; zeros: not known. */
  ConsoleSize: number[];
}

/** A further process in a running container. */
export function execProcessSpec(record: ContainerRecord, request: ExecRequest): ProcessSpec {
  const { config, hostConfig } = record;
  const privileged = request.Privileged || hostConfig.Privileged;
  return {
    args: request.Cmd,
    env: processEnvironment(record, request.Tty, request.Env),
    cwd: [request.WorkingDir, config.WorkingDir, "/"].find((folder) => folder !== "") ?? "/",
    user: request.User === "" ? config.User : request.User,
    stdin: request.AttachStdin,
    ...shared(record, request.Tty, privileged),
    ...terminalSize(request.ConsoleSize),
  };
}

function shared(record: ContainerRecord, tty: boolean, privileged: boolean) {
  const { hostConfig } = record;
  return {
    groupsAdd: hostConfig.GroupAdd,
    tty,
    ...defaultTerminal,
    capabilities: capabilityMask({
      add: hostConfig.CapAdd,
      drop: hostConfig.CapDrop,
      privileged,
    }),
    privileged,
    noNewPrivileges: hasNoNewPrivileges(hostConfig.SecurityOpt),
    rlimits: resourceLimits(hostConfig.Ulimits),
  };
}

/** Docker's order: PATH, HOSTNAME, TERM, then what image and user set; HOME is the agent's to find. */
function processEnvironment(record: ContainerRecord, tty: boolean, more: string[]): string[] {
  const environment = new Map<string, string>();
  const base = [defaultPath, `HOSTNAME=${record.config.Hostname}`, ...(tty ? ["TERM=xterm"] : [])];
  for (const entry of [...base, ...record.config.Env, ...more]) {
    const name = entry.split("=", 1)[0] ?? "";
    if (name === entry) environment.delete(name);
    else environment.set(name, entry);
  }
  return [...environment.values()];
}

/** Checks `SecurityOpt`; what DVM can't do is refused, not ignored. */
export function hasNoNewPrivileges(options: readonly string[]): boolean {
  let noNewPrivileges = false;
  for (const option of options) {
    if (/^no-new-privileges([:=]true)?$/.test(option)) noNewPrivileges = true;
    else if (/^no-new-privileges[:=]false$/.test(option)) noNewPrivileges = false;
    else if (!/^(seccomp|apparmor)[:=]unconfined$|^label[:=]disable$/.test(option)) {
      throw new DvmError(
        "unsupported",
        `cannot use --security-opt ${option}: DVM has no such option`,
      );
    }
  }
  return noNewPrivileges;
}

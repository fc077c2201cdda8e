import type { ProcessSpec } from "../../agent/agent-client.ts";
import { type ExecRequest, type RunSpecification, terminalSize } from "../records.ts";
import { capabilityMask } from "./capability-mask.ts";
import { resourceLimits } from "./resource-limits.ts";

const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const defaultTerminal = { rows: 24, columns: 80 };

/** The container's main process. */
export function mainProcessSpec(run: RunSpecification): ProcessSpec {
  const { args, cwd, user, tty, stdin, privileged, terminal, reaper } = run.process;
  return {
    ...{ args, cwd, user, stdin },
    env: processEnvironment(run, tty, []),
    // the client tells changes later: a program must not begin with another size
    ...terminal,
    ...shared(run, tty, privileged),
    init: reaper,
  };
}

/** A further process in a running container. */
export function execProcessSpec(run: RunSpecification, request: ExecRequest): ProcessSpec {
  const { cwd, user, privileged } = run.process;
  return {
    args: request.Cmd,
    env: processEnvironment(run, request.Tty, request.Env),
    cwd: request.WorkingDir === "" ? cwd : request.WorkingDir,
    user: request.User === "" ? user : request.User,
    stdin: request.AttachStdin,
    ...(terminalSize(request.ConsoleSize) ?? defaultTerminal),
    ...shared(run, request.Tty, request.Privileged || privileged),
  };
}

/** What tells of a container's health. */
export function probeProcessSpec(run: RunSpecification, args: string[]): ProcessSpec {
  const { cwd, user, privileged } = run.process;
  const env = processEnvironment(run, false, []);
  return {
    ...{ args, env, cwd, user, stdin: false, ...defaultTerminal },
    ...shared(run, false, privileged),
  };
}

function shared({ process }: RunSpecification, tty: boolean, privileged: boolean) {
  return {
    groupsAdd: process.groupsAdd,
    tty,
    capabilities: capabilityMask({ ...process.capabilities, privileged }),
    privileged,
    noNewPrivileges: process.noNewPrivileges,
    rlimits: resourceLimits(process.limits),
    oomScore: process.oomScore,
  };
}

/** Docker's order: PATH, HOSTNAME, TERM, then what image and user set; HOME is the agent's to find. */
function processEnvironment(
  { hostname, process }: RunSpecification,
  tty: boolean,
  more: string[],
): string[] {
  const environment = new Map<string, string>();
  const base = [defaultPath, `HOSTNAME=${hostname}`, ...(tty ? ["TERM=xterm"] : [])];
  for (const entry of [...base, ...process.env, ...more]) {
    const name = entry.split("=", 1)[0] ?? "";
    if (name === entry) environment.delete(name);
    else environment.set(name, entry);
  }
  return [...environment.values()];
}

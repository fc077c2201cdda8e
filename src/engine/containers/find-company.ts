import { DvmError, type ErrorCode } from "../../base/errors.ts";
import type { Engine } from "../core.ts";
import type { ContainerRecord } from "../records.ts";
import type { RunningMachine } from "../runs.ts";
import { failedBy } from "./said-why.ts";

/** Those that a container is to share namespaces with; all run in one machine. */
export interface Company {
  machine: RunningMachine;
  /** The first of them, for what is the machine's. */
  host: ContainerRecord;
  /** Whose network, host name and hosts it has; undefined: it has its own. */
  network: ContainerRecord | undefined;
  /** Ids of those whose IPC it has, and whose processes it sees. */
  shares: { ipc?: string; pid?: string };
}

/** Whether a container goes into the machine of another. */
export function isInCompany({ run: { machine } }: Pick<ContainerRecord, "run">): boolean {
  return [machine.sharedWith, machine.sharesIpcWith, machine.sharesPidWith].some(
    (one) => one !== undefined,
  );
}

/** Fails in Docker's words where one of them can't be joined. */
export async function findCompany(engine: Engine, record: ContainerRecord): Promise<Company> {
  const { sharedWith, sharesIpcWith, sharesPidWith } = record.run.machine;
  const network = sharedWith === undefined ? undefined : await networkOwner(engine, sharedWith);
  const ipc = sharesIpcWith === undefined ? undefined : ipcOwner(engine, sharesIpcWith);
  const pid = sharesPidWith === undefined ? undefined : pidOwner(engine, sharesPidWith);
  const all = [network, ipc, pid].filter((one) => one !== undefined);
  const [host, ...others] = all;
  const machine = host && machineOf(host);
  if (host === undefined || machine === undefined)
    throw new DvmError("internal", `container ${record.id} shares nothing with anybody`);
  const apart = others.find((one) => machineOf(one) !== machine);
  if (apart !== undefined)
    throw new DvmError(
      "conflict",
      `cannot share namespaces of containers ${host.name} and ${apart.name}: they are in two machines`,
      { hint: `start ${apart.name} in the machine of ${host.name}, too` },
    );
  const shares = {
    ...(ipc === undefined ? {} : { ipc: ipc.id }),
    ...(pid === undefined ? {} : { pid: pid.id }),
  };
  return { machine, host, network, shares };
}

function machineOf({ state }: ContainerRecord): RunningMachine | undefined {
  return "run" in state ? state.run.machine : undefined;
}

async function networkOwner(engine: Engine, id: string): Promise<ContainerRecord> {
  const other = await failedBy("joining network namespace of container", async () =>
    engine.containers.find(id),
  );
  if ("run" in other.state) return other;
  throw new DvmError(
    "conflict",
    `cannot join network namespace of a non running container: container ${other.name} is ${other.state.kind}`,
  );
}

function ipcOwner(engine: Engine, id: string): ContainerRecord {
  const failed = (code: ErrorCode, why: string) =>
    new DvmError(code, `failed to join IPC namespace: ${why}`);
  if (id === "") throw failed("invalid", 'invalid name or ID supplied: ""');
  const other = find(engine, id, (why) => failed("not-found", why));
  if (!("run" in other.state))
    throw failed("conflict", `container ${other.id} is ${stateWords(other)}`);
  if (other.request.hostConfig.IpcMode === "shareable") return other;
  const hint = "(hint: use IpcMode:shareable for the donor container)";
  throw failed("invalid", `container ${other.id}: non-shareable IPC ${hint}`);
}

function pidOwner(engine: Engine, id: string): ContainerRecord {
  const failed = (why: string) =>
    new DvmError("unavailable", `failed to join PID namespace: ${why}`);
  const other = find(engine, id, failed);
  if ("run" in other.state) return other;
  throw failed(`container ${other.id} is ${stateWords(other)}`);
}

function stateWords({ state }: ContainerRecord): string {
  return state.kind === "restarting" ? "restarting" : "not running";
}

function find(engine: Engine, id: string, failed: (why: string) => DvmError): ContainerRecord {
  try {
    return engine.containers.find(id);
  } catch (error) {
    if (error instanceof DvmError && error.code === "not-found") throw failed(error.message);
    throw error;
  }
}

import { DvmError, type ErrorCode } from "../base/errors.ts";
import type {
  BootReport,
  CardSetup,
  AgentHello,
  ClockReading,
  MachinePreparation,
  MachineSetup,
  ContainerLimits,
  ContainerSetup,
  NamingChange,
  ProcessSpec,
} from "./agent-types.ts";
import { encodeConfinement } from "./confinement.ts";
import { containerStates, mountKind, prepareFlag, type ContainerState } from "./protocol.ts";
import { brokenProtocol, MessageReader, MessageWriter } from "./wire.ts";

const maximumProcesses = 65_536;
const maximumContainers = 1024;
/** In place of a size. */
const noSharedMemory = 2n ** 64n - 1n;

/** PREPARE, as guest/setup.c reads it. */
export function encodePreparation(preparation: MachinePreparation): Buffer {
  const { newScratch, image, disks, cards } = preparation;
  const to = new MessageWriter()
    .u8((newScratch ? prepareFlag.scratch : 0) | (image ? prepareFlag.image : 0))
    .text(disks.image)
    .text(disks.scratch);
  return to.list(cards, (card) => writeCard(to, card)).finish();
}

function writeCard(to: MessageWriter, card: CardSetup): MessageWriter {
  const { index, name, mac, addresses, gateways, mtu, sysctls = {} } = card;
  to.u8(index).text(name).text(mac).texts(addresses).texts(gateways).u32(mtu);
  return to.texts(Object.entries(sysctls).flat());
}

/** ATTACH_CARD, as guest/requests.c reads it. */
export function encodeCard(id: string, card: CardSetup): Buffer {
  return writeCard(new MessageWriter().text(id), card).finish();
}

/** DETACH_CARD, as guest/requests.c reads it. */
export function encodeCardIndex(id: string, index: number): Buffer {
  return new MessageWriter().text(id).u8(index).finish();
}

/** SET_UP, as guest/setup.c reads it. */
export function encodeMachine(setup: MachineSetup, clock: ClockReading): Buffer {
  return new MessageWriter().u64(clock.guestNs).u64(clock.hostNs).bytes(setup.entropy).finish();
}

/** SET_CLOCK, as guest/setup.c reads it. */
export function encodeClock({ guestNs, hostNs, doubtNs }: ClockReading): Buffer {
  return new MessageWriter().u64(guestNs).u64(hostNs).u64(doubtNs).finish();
}

/** Its answer: how many milliseconds the guest's wall clock was behind; negative: ahead. */
export function decodeClockError(payload: Buffer): number {
  const from = new MessageReader(payload);
  const behindNs = BigInt.asIntN(64, from.u64());
  from.end();
  return Number(behindNs) / 1e6;
}

/** What the requests that are about one container begin with, or consist of. */
export function encodeContainerId(id: string): Buffer {
  return new MessageWriter().text(id).finish();
}

/** CREATE, as guest/setup.c reads it. */
export function encodeContainer(id: string, setup: ContainerSetup): Buffer {
  const to = new MessageWriter()
    .text(id)
    .text(setup.hostname)
    .text(setup.domainname ?? "")
    .text(setup.machineId)
    .text(setup.disks.image)
    .text(setup.disks.scratch)
    .flag(setup.readOnlyRoot)
    .flag(setup.privileged);
  const { network, shares = {} } = setup;
  to.text(network.namespace)
    .text(shares.ipc ?? "")
    .text(shares.pid ?? "");
  to.list(network.cards, (card) => writeCard(to, card));
  to.text(setup.naming.hosts).text(setup.naming.resolver).text(setup.naming.relay);
  to.list(setup.mounts, (mount) =>
    to
      .u8(mountKind[mount.kind])
      .text(mount.share ?? "")
      .text(mount.target)
      .text(mount.options ?? "")
      .flag(mount.readOnly)
      .flag(mount.populate ?? false),
  );
  to.u64(setup.shmSizeBytes ?? noSharedMemory).texts(Object.entries(setup.sysctls).flat());
  writeLimits(to, setup.limits);
  return encodeConfinement(to, setup.confinement).finish();
}

/** NAMES, as guest/setup.c reads it. */
export function encodeNames(id: string, { hosts, resolver, relay }: NamingChange): Buffer {
  return new MessageWriter()
    .text(id)
    .texts(hosts.removed)
    .texts(hosts.added)
    .text(resolver.before)
    .text(resolver.after)
    .text(relay)
    .finish();
}

/** UPDATE, as guest/requests.c reads it. */
export function encodeUpdate(id: string, limits: ContainerLimits): Buffer {
  return writeLimits(new MessageWriter().text(id), limits).finish();
}

function writeLimits(to: MessageWriter, limits: ContainerLimits): MessageWriter {
  return to
    .u64(limits.cpuQuotaUs)
    .u64(limits.cpuPeriodUs)
    .u64(limits.cpuWeight)
    .u64(limits.memoryBytes)
    .u64(limits.memoryLowBytes)
    .u64(limits.processes)
    .text(limits.processors);
}

/** What START and EXEC run, as guest/process_spec.c reads it. */
export function encodeProcess(spec: ProcessSpec): Buffer {
  const to = new MessageWriter()
    .texts(spec.args)
    .texts(spec.env)
    .text(spec.cwd)
    .text(spec.user)
    .texts(spec.groupsAdd)
    .flag(spec.tty)
    .u32(spec.rows)
    .u32(spec.columns)
    .flag(spec.stdin)
    .u64(spec.capabilities)
    .flag(spec.privileged)
    .flag(spec.noNewPrivileges)
    .flag(spec.init ?? false)
    .u32((spec.oomScore ?? 0) >>> 0);
  return to
    .list(spec.rlimits, ({ resource, soft, hard }) => to.u32(resource).u64(soft).u64(hard))
    .finish();
}

export function decodeHello(payload: Buffer): AgentHello {
  const from = new MessageReader(payload);
  return {
    protocol: from.u32(),
    monotonicNs: from.u64(),
    kernelRelease: from.text(),
  };
}

/** What the agent tells of a process after RESUME: offsets of its streams. */
export interface ResumedProcess {
  id: number;
  pid: number;
  isMain: boolean;
  isTty: boolean;
  hasStdin: boolean;
  /** Its place in the list of containers. */
  container: number;
  stdin: bigint;
  stdout: bigint;
  stderr: bigint;
}

export interface ResumedContainer {
  id: string;
  state: ContainerState;
}

export function decodeResumed(payload: Buffer): {
  containers: ResumedContainer[];
  processes: ResumedProcess[];
} {
  const from = new MessageReader(payload);
  const containers = from.list(maximumContainers, () => {
    const [id, state] = [from.text(), containerStates[from.u8()]];
    if (state === undefined) throw brokenProtocol("a state of a container that there isn't");
    return { id, state };
  });
  const processes = from.list(maximumProcesses, () => {
    const [id, pid, flags, container] = [from.u32(), from.u32(), from.u8(), from.u32()];
    if (container >= containers.length) throw brokenProtocol("a process of no container");
    return {
      ...{ id, pid, container },
      isMain: (flags & 1) !== 0,
      isTty: (flags & 2) !== 0,
      hasStdin: (flags & 4) !== 0,
      stdin: from.u64(),
      stdout: from.u64(),
      stderr: from.u64(),
    };
  });
  from.end();
  return { containers, processes };
}

/** BOOT, as guest/stat.c writes it. */
export function decodeBootReport(payload: Buffer): BootReport {
  const from = new MessageReader(payload);
  const report = {
    agentBeganNs: from.u64(),
    managedBytes: from.size(),
    availableBytes: from.size(),
  };
  from.end();
  return report;
}

/** The frame MEMORY, as guest/memory.c writes it. */
export function decodeMemoryKills(payload: Buffer): { container: string; kills: number } {
  const from = new MessageReader(payload);
  const report = { container: from.text(), kills: from.size() };
  from.end();
  return report;
}

/** Codes by the agent's `enum status`; 0 is success. */
const statusCodes: readonly ErrorCode[] = [
  "internal",
  "invalid",
  "not-found",
  "conflict",
  "unsupported",
  "unavailable",
  "no-space",
  "command-not-found",
  "command-not-executable",
  "internal",
  "forbidden",
];

/** The error that an `enum status` and its message stand for. */
export function agentError(status: number, message: string): DvmError {
  return new DvmError(statusCodes[status] ?? "internal", message);
}

/** The result of an answer, or the error it carries. */
export function decodeReply(payload: Buffer, front: Buffer): Buffer {
  const from = new MessageReader(payload);
  const status = from.u16();
  if (status === 0) return Buffer.concat([front, from.rest()]);
  throw agentError(status, from.text());
}

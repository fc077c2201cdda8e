import type {
  CardSetup,
  ContainerLimits,
  ContainerSetup,
  GuestMount,
  MachinePreparation,
  MachineSetup,
  ProcessSpec,
} from "../../../src/agent/agent-types.ts";
import type { Confinement, DeviceRule, GuestDevice } from "../../../src/agent/confinement.ts";
import type { HealthReport } from "../../../src/agent/health.ts";
import {
  healthStatuses,
  mountKind,
  prepareFlag,
  probeEnds,
  protocolVersion,
} from "../../../src/agent/protocol.ts";
import { MessageReader, MessageWriter } from "../../../src/agent/wire.ts";

/** The guest's side of src/agent/messages.ts: reads what that writes, writes what it reads. */

const mostItems = 65_536;
const noSharedMemory = 2n ** 64n - 1n;

/** `enum status` of guest/protocol.h. */
export const guestStatus = {
  invalid: 1,
  notFound: 2,
  conflict: 3,
  unsupported: 4,
  unavailable: 5,
  noSpace: 6,
  commandNotFound: 7,
  commandNotExecutable: 8,
  internal: 9,
  readOnly: 10,
} as const;
export type GuestStatus = keyof typeof guestStatus;

/** What a request is refused by. */
export class GuestFailure extends Error {
  readonly status: GuestStatus;

  constructor(status: GuestStatus, message: string) {
    super(message);
    this.status = status;
  }

  /** The REPLY that says it. */
  encode(): Buffer {
    return Buffer.concat([
      u16(guestStatus[this.status]),
      new MessageWriter().text(this.message).finish(),
    ]);
  }
}

/** The REPLY of a request that was done. */
export function encodeSuccess(result: Buffer): Buffer {
  return Buffer.concat([u16(0), result]);
}

export function encodeHealthReport(report: HealthReport): Buffer {
  const { container, status, failures, probes, isProbing, results, last } = report;
  const to = new MessageWriter().text(container).u8(healthStatuses.indexOf(status)).u32(failures);
  to.u32(probes).flag(isProbing).u32(results);
  to.list(last, ({ end, exitCode, beganNs, endedNs, isCut, output }) => {
    to.u8(probeEnds.indexOf(end)).u32(exitCode).u64(beganNs).u64(endedNs).flag(isCut).bytes(output);
  });
  return to.finish();
}

export function encodeHello(monotonicNs: bigint, protocol: number = protocolVersion): Buffer {
  return new MessageWriter().u32(protocol).u64(monotonicNs).text("6.1.0-fake").finish();
}

export function decodePreparation(from: MessageReader): MachinePreparation {
  const flags = from.u8();
  const disks = { image: from.text(), scratch: from.text() };
  const cards = from.list(mostItems, () => decodeCard(from));
  from.end();
  return {
    ...{ disks, cards },
    newScratch: (flags & prepareFlag.scratch) !== 0,
    image: (flags & prepareFlag.image) !== 0,
  };
}

export function decodeMachine(from: MessageReader): MachineSetup {
  from.u64(); // the clock's reading, on both sides
  from.u64();
  return { entropy: from.bytes() };
}

/** CREATE behind the container's id. */
export function decodeContainer(from: MessageReader): ContainerSetup {
  const names = { hostname: from.text(), domainname: from.text(), machineId: from.text() };
  const disks = { image: from.text(), scratch: from.text() };
  const flags = { readOnlyRoot: from.u8() !== 0, privileged: from.u8() !== 0 };
  const network = decodeNetwork(from);
  const naming = { hosts: from.text(), resolver: from.text(), relay: from.text() };
  const mounts = from.list(mostItems, () => decodeMount(from));
  const shmBytes = from.u64();
  const shmSizeBytes = shmBytes === noSharedMemory ? undefined : Number(shmBytes);
  const sysctls = pairs(decodeTexts(from));
  return {
    ...{ ...names, disks, ...flags, ...network, naming, mounts, shmSizeBytes, sysctls },
    limits: decodeLimits(from),
    confinement: decodeConfinement(from),
  };
}

/** Of CREATE, and what UPDATE has behind the container's id. */
export function decodeLimits(from: MessageReader): ContainerLimits {
  return {
    cpuQuotaUs: from.size(),
    cpuPeriodUs: from.size(),
    cpuWeight: from.size(),
    memoryBytes: from.size(),
    memoryLowBytes: from.size(),
    processes: from.size(),
    processors: from.text(),
  };
}

function decodeConfinement(from: MessageReader): Confinement {
  const filter = { program: from.bytes(), flags: from.u32(), required: from.u8() !== 0 };
  const isOwn = from.u8() !== 0;
  const paths = { masked: decodeTexts(from), readOnly: decodeTexts(from) };
  const [writableCgroups, hasAllDevices] = [from.u8() !== 0, from.u8() !== 0];
  const devices = from.list(mostItems, () => decodeDevice(from));
  const deviceRules = from.list(mostItems, () => decodeRule(from));
  return {
    filter: filter.program.length === 0 ? undefined : filter,
    paths: isOwn ? paths : undefined,
    ...{ writableCgroups, devices },
    deviceRules: hasAllDevices ? undefined : deviceRules,
  };
}

function decodeDevice(from: MessageReader): GuestDevice {
  const [path, disk, target] = [from.text(), from.text(), from.text()];
  return { source: disk === "" ? { path } : { disk }, target, access: decodeAccess(from) };
}

function decodeRule(from: MessageReader): DeviceRule {
  const kind = (["a", "b", "c"] as const)[from.u8()] ?? "a";
  const [major, minor] = [from.u32(), from.u32()].map((one) =>
    one === 2 ** 32 - 1 ? undefined : one,
  );
  return { kind, major, minor, access: decodeAccess(from) };
}

function decodeAccess(from: MessageReader): string {
  const bits = from.u8();
  return `${(bits & 2) !== 0 ? "r" : ""}${(bits & 4) !== 0 ? "w" : ""}${(bits & 1) !== 0 ? "m" : ""}`;
}

export function decodeProcess(from: MessageReader): ProcessSpec {
  const spec = {
    args: decodeTexts(from),
    env: decodeTexts(from),
    cwd: from.text(),
    user: from.text(),
    groupsAdd: decodeTexts(from),
    tty: from.u8() !== 0,
    rows: from.u32(),
    columns: from.u32(),
    stdin: from.u8() !== 0,
    capabilities: from.u64(),
    privileged: from.u8() !== 0,
    noNewPrivileges: from.u8() !== 0,
    init: from.u8() !== 0,
    oomScore: from.u32() | 0,
    rlimits: from.list(mostItems, () => ({
      resource: from.u32(),
      soft: from.u64(),
      hard: from.u64(),
    })),
  };
  from.end();
  return spec;
}

function decodeNetwork(from: MessageReader): Pick<ContainerSetup, "network" | "shares"> {
  const namespace = from.text();
  const [ipc, pid] = [from.text(), from.text()];
  const shares = { ...(ipc === "" ? {} : { ipc }), ...(pid === "" ? {} : { pid }) };
  const cards = from.list(mostItems, () => decodeCard(from));
  return { network: { namespace, cards }, ...(ipc + pid === "" ? {} : { shares }) };
}

/** Of PREPARE and CREATE, and what ATTACH_CARD has behind the container's id. */
export function decodeCard(from: MessageReader): CardSetup {
  const names = { index: from.u8(), name: from.text(), mac: from.text() };
  const addresses = decodeTexts(from);
  const rest = { gateways: decodeTexts(from), mtu: from.u32(), sysctls: pairs(decodeTexts(from)) };
  return { ...names, addresses, ...rest };
}

const kinds = ["share", "tmpfs", "socket", "device", "image", "disk"] as const;

function decodeMount(from: MessageReader): GuestMount {
  const number = from.u8();
  const kind = kinds.find((name) => mountKind[name] === number) ?? "share";
  return {
    ...{ kind, share: from.text(), target: from.text(), options: from.text() },
    ...{ readOnly: from.u8() !== 0, populate: from.u8() !== 0 },
  };
}

export function decodeTexts(from: MessageReader): string[] {
  return from.list(mostItems, () => from.text());
}

function pairs(texts: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (let at = 0; at + 1 < texts.length; at += 2) found[texts[at] ?? ""] = texts[at + 1] ?? "";
  return found;
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

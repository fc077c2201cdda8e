import type { MessageWriter } from "./wire.ts";

/** A number of a device that stands for all. */
const anyNumber = 0xffff_ffff;
const deviceKinds = { a: 0, b: 1, c: 2 } as const;
const accessBits = { m: 1, r: 2, w: 4 } as const;

export interface SystemCallFilter {
  /** Of classic BPF, for seccomp(2). */
  program: Uint8Array;
  /** `SECCOMP_FILTER_FLAG_*` */
  flags: number;
  /** A kernel without seccomp can't do. */
  required: boolean;
}

/** A device of the machine's that a container gets, too. */
export interface GuestDevice {
  /** The machine's: a path, of a folder all that are in it; or the name of a disk. */
  source: { path: string } | { disk: string };
  target: string;
  /** Of `r`, `w` and `m`: what its processes may do with it. */
  access: string;
}

/** Devices that a container's processes may open, whoever made their nodes. */
export interface DeviceRule {
  kind: keyof typeof deviceKinds;
  /** Undefined: all. */
  major: number | undefined;
  minor: number | undefined;
  access: string;
}

/** What keeps a container's processes from doing and seeing all. */
export interface Confinement {
  /** Undefined: every system call may be made. */
  filter: SystemCallFilter | undefined;
  /** In place of Docker's: what is hidden, and what can't be written to. */
  paths: { masked: string[]; readOnly: string[] } | undefined;
  writableCgroups: boolean;
  devices: GuestDevice[];
  /** Beside those of `devices`; undefined: all may be opened. */
  deviceRules: DeviceRule[] | undefined;
}

/** Nothing does. */
export const unconfined: Confinement = {
  ...{ filter: undefined, paths: undefined, writableCgroups: false },
  ...{ devices: [], deviceRules: undefined },
};

/** The last part of CREATE, as guest/confinement.c reads it. */
export function encodeConfinement(to: MessageWriter, confinement: Confinement): MessageWriter {
  const { filter, paths, writableCgroups, devices, deviceRules } = confinement;
  to.bytes(filter?.program ?? new Uint8Array())
    .u32(filter?.flags ?? 0)
    .flag(filter?.required ?? false);
  to.flag(paths !== undefined)
    .texts(paths?.masked ?? [])
    .texts(paths?.readOnly ?? []);
  to.flag(writableCgroups).flag(deviceRules === undefined);
  to.list(devices, ({ source, target, access }) =>
    to
      .text("path" in source ? source.path : "")
      .text("disk" in source ? source.disk : "")
      .text(target)
      .u8(accessOf(access)),
  );
  return to.list(deviceRules ?? [], ({ kind, major, minor, access }) =>
    to
      .u8(deviceKinds[kind])
      .u32(major ?? anyNumber)
      .u32(minor ?? anyNumber)
      .u8(accessOf(access)),
  );
}

/** Words that say nothing of access are let pass, as runc does. */
function accessOf(words: string): number {
  return Object.entries(accessBits)
    .filter(([word]) => words.includes(word))
    .reduce((bits, [, bit]) => bits | bit, 0);
}

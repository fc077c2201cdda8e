import { join } from "node:path";
import { DvmError } from "../../../base/errors.ts";
import type { MachineSpec, NicSpec, PublishedPort, ShareSpec } from "../../machine.ts";
import { diskArguments } from "./disks.ts";

/** Files of one machine inside its run folder. */
export interface MachineFiles {
  agentSocket: string;
  controlSocket: string;
  console: string;
  errors: string;
  pidFile: string;
  /** A template's device state goes through it. */
  stateSocket: string;
}

/** Files of a template inside its folder. */
export function templateFiles(folder: string): { ram: string; state: string } {
  return { ram: join(folder, "ram"), state: join(folder, "state") };
}

export function machineFiles(runFolder: string): MachineFiles {
  return {
    agentSocket: join(runFolder, "agent.sock"),
    controlSocket: join(runFolder, "qmp.sock"),
    console: join(runFolder, "console.log"),
    errors: join(runFolder, "qemu.log"),
    pidFile: join(runFolder, "qemu.pid"),
    stateSocket: join(runFolder, "state.sock"),
  };
}

/**
 * The command line of `qemu-system-x86_64` for `spec`. Pure: looks at nothing but its input.
 * `returnsFreePages`: memory that the guest frees goes back to the host.
 */
export function qemuArguments(
  spec: MachineSpec,
  { returnsFreePages }: { returnsFreePages: boolean },
): string[] {
  const files = machineFiles(spec.runFolder);
  return [
    ...["-name", `dvm-${spec.id}`, "-nodefaults", "-no-user-config", "-display", "none"],
    ...["-M", machineType(spec), "-accel", accelerator(spec), "-cpu", cpuModel(spec)],
    ...["-smp", String(spec.cpus), "-m", `${spec.memoryMiB}M`, ...memoryArguments(spec)],
    ...["-no-reboot", "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny"],
    ...startArguments(spec),
    ...["-chardev", `file,id=console,path=${escaped(files.console)}`, "-serial", "chardev:console"],
    ...["-chardev", `socket,id=agent,path=${escaped(files.agentSocket)},server=on,wait=off`],
    ...["-device", "virtio-serial-device,max_ports=2"],
    ...["-device", "virtserialport,chardev=agent,name=dvm.agent"],
    ...["-qmp", `unix:${escaped(files.controlSocket)},server=on,wait=off`],
    ...["-device", "virtio-rng-device"],
    ...(returnsFreePages ? ["-device", "virtio-balloon-device,free-page-reporting=on"] : []),
    ...spec.disks.flatMap(diskArguments),
    ...spec.nics.flatMap(nicArguments),
    ...spec.shares.flatMap(shareArguments),
  ];
}

/** Under KVM the timers are the kernel's own; by emulation a guest hangs without RTC, PIC and PIT. */
function machineType(spec: MachineSpec): string {
  const legacy = spec.accelerator === "kvm" && spec.kernel.discovery === "cmdline" ? "off" : "on";
  const acpi = spec.kernel.discovery === "acpi" ? "on" : "off";
  const memory = spec.template === undefined ? "" : ",memory-backend=ram";
  return `microvm,acpi=${acpi},rtc=${legacy},pic=${legacy},pit=${legacy},isa-serial=on${memory}`;
}

/** A template's RAM is a file; clones map it, and what they write stays their own. */
function memoryArguments({ template, memoryMiB }: MachineSpec): string[] {
  if (template === undefined) return [];
  const path = escaped(templateFiles(template.folder).ram);
  const share = template.use === "make" ? "on" : "off";
  return [
    "-object",
    `memory-backend-file,id=ram,size=${memoryMiB}M,mem-path=${path},share=${share}`,
  ];
}

/** A clone needs no kernel: it lies in the RAM that it gets. */
function startArguments(spec: MachineSpec): string[] {
  if (spec.template?.use === "clone") return ["-S", "-incoming", "defer"];
  return [
    ...["-kernel", spec.kernel.path, "-initrd", spec.kernel.initramfs],
    ...["-append", kernelCommandLine(spec)],
  ];
}

function accelerator(spec: MachineSpec): string {
  return spec.accelerator === "kvm" ? "kvm" : "tcg,thread=multi,tb-size=64";
}

/**
 * By emulation "fast" string instructions move a byte at a time: without these two flags kernel and
 * C library use wider ones.
 */
function cpuModel(spec: MachineSpec): string {
  return spec.accelerator === "kvm" ? "host" : "max,-erms,-fsrm";
}

function kernelCommandLine(spec: MachineSpec): string {
  const words = ["console=ttyS0", "quiet", "panic=-1", "reboot=t", "random.trust_cpu=on"];
  if (spec.accelerator === "tcg") words.push("tsc=reliable", ...emulatedTimers(spec));
  // taking lock prefixes out of a thousand places costs more at the start than they do later
  if (spec.accelerator === "tcg" && spec.cpus === 1) words.push("noreplace-smp");
  // measured against the emulated PIT the counter's rate is wrong, or not found, on a busy host
  if (spec.accelerator === "tcg" && spec.tscKhz !== undefined)
    words.push(`tsc_early_khz=${spec.tscKhz}`);
  return words.join(" ");
}

/**
 * The emulated timers are right: nothing is waited for to see that they tick, nor, where the kernel
 * is ours (kernel/source/dvm_guest.c), to measure the local APIC's, which counts nanoseconds.
 */
function emulatedTimers({ kernel }: MachineSpec): string[] {
  return ["no_timer_check", ...(kernel.discovery === "cmdline" ? ["lapic_timer_khz=1000000"] : [])];
}

/** The host's side of a network card. */
export function nicName(index: number): string {
  return `nic${index}`;
}

function nicArguments(nic: NicSpec, index: number): string[] {
  const forwards = nic.publish.map((port) => `,hostfwd=${forward(port)}`).join("");
  return [
    ...["-netdev", `user,id=${nicName(index)},ipv6=off${forwards}`],
    // a clone has no peers that would want to know where it is now
    ...["-device", `virtio-net-device,netdev=${nicName(index)},mac=${nic.mac},guest_announce=off`],
  ];
}

/** A rule of QEMU's user-mode network. */
export function forward(port: PublishedPort): string {
  const host = port.hostAddress === "0.0.0.0" || port.hostAddress === "::" ? "" : port.hostAddress;
  if (host.includes(":")) {
    throw new DvmError("unsupported", `cannot publish on ${host}: only IPv4 host addresses work`);
  }
  return `${port.protocol}:${host}:${port.hostPort}-:${port.guestPort}`;
}

function shareArguments(share: ShareSpec, index: number): string[] {
  const model = { real: "passthrough", mapped: "mapped-xattr", ours: "none" }[share.owners];
  const access = share.readOnly ? ",readonly=on" : "";
  const id = `share${index}`;
  return [
    ...[
      "-fsdev",
      `local,id=${id},path=${escaped(share.path)},security_model=${model},multidevs=remap${access}`,
    ],
    ...["-device", `virtio-9p-device,fsdev=${id},mount_tag=${share.tag}`],
  ];
}

/** QEMU's option syntax doubles commas inside a value. */
export function escaped(value: string): string {
  return value.replaceAll(",", ",,");
}

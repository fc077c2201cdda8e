import { join } from "node:path";
import type { MachineSpec } from "../../machine.ts";
import { isEmulated } from "./accelerator-names.ts";
import { diskArguments } from "./disks.ts";
import { escaped } from "./escaped.ts";
import { cardArguments } from "./cards.ts";

/** Files of one machine inside its run folder. */
export interface MachineFiles {
  agentSocket: string;
  filesSocket: string;
  connectionsSocket: string;
  controlSocket: string;
  console: string;
  errors: string;
  pidFile: string;
  /** Nothing is said on it; who connects knows by its end that QEMU has gone. */
  lifeline: string;
  /** A template's device state goes through it. */
  stateSocket: string;
}

/** Its name tells a clone's RAM from other mappings, too. */
export const templateRam = "ram";

/** Files of a template inside its folder. */
export function templateFiles(folder: string): { ram: string; state: string } {
  return { ram: join(folder, templateRam), state: join(folder, "state") };
}

export function machineFiles(runFolder: string): MachineFiles {
  return {
    agentSocket: join(runFolder, "agent.sock"),
    filesSocket: join(runFolder, "files.sock"),
    connectionsSocket: join(runFolder, "connections.sock"),
    controlSocket: join(runFolder, "qmp.sock"),
    console: join(runFolder, "console.log"),
    errors: join(runFolder, "qemu.log"),
    pidFile: join(runFolder, "qemu.pid"),
    lifeline: join(runFolder, "life.sock"),
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
    // port 0 is the kernel's, for a console
    ...["-device", "virtio-serial-device,max_ports=4"],
    ...portArguments("agent", files.agentSocket),
    ...portArguments("files", files.filesSocket),
    ...portArguments("connections", files.connectionsSocket),
    ...["-qmp", `unix:${escaped(files.controlSocket)},server=on,wait=off`],
    ...["-chardev", `socket,id=life,path=${escaped(files.lifeline)},server=on,wait=off`],
    ...(returnsFreePages ? ["-device", "virtio-balloon-device,free-page-reporting=on"] : []),
    ...spec.disks.flatMap(diskArguments),
    ...cardArguments(spec.nics),
  ];
}

/** A way between a Unix socket of the host and the guest's port of this name. */
function portArguments(name: string, socket: string): string[] {
  return [
    ...["-chardev", `socket,id=${name},path=${escaped(socket)},server=on,wait=off`],
    ...["-device", `virtserialport,chardev=${name},name=dvm.${name}`],
  ];
}

/** Under KVM the timers are the kernel's own; by emulation a guest hangs without RTC, PIC and PIT. */
function machineType(spec: MachineSpec): string {
  const legacy = !isEmulated(spec) && spec.kernel.discovery === "cmdline" ? "off" : "on";
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
  return isEmulated(spec) ? "tcg,thread=multi,tb-size=64" : "kvm";
}

/**
 * By emulation "fast" string instructions move a byte at a time: without these two flags kernel and
 * C library use wider ones.
 */
function cpuModel(spec: MachineSpec): string {
  return isEmulated(spec) ? "max,-erms,-fsrm" : "host";
}

function kernelCommandLine(spec: MachineSpec): string {
  const words = ["console=ttyS0", "quiet", "panic=-1", "reboot=t", "random.trust_cpu=on"];
  if (isEmulated(spec)) words.push("tsc=reliable", ...emulatedTimers(spec));
  // taking lock prefixes out of a thousand places costs more at the start than they do later
  if (isEmulated(spec) && spec.cpus === 1) words.push("noreplace-smp");
  // measured against the emulated PIT the counter's rate is wrong, or not found, on a busy host
  if (isEmulated(spec) && spec.tscKhz !== undefined) words.push(`tsc_early_khz=${spec.tscKhz}`);
  return words.join(" ");
}

/**
 * The emulated timers are right: nothing is waited for to see that they tick, nor, where the kernel
 * is ours (kernel/source/dvm_guest.c), to measure the local APIC's, which counts nanoseconds.
 */
function emulatedTimers({ kernel }: MachineSpec): string[] {
  return ["no_timer_check", ...(kernel.discovery === "cmdline" ? ["lapic_timer_khz=1000000"] : [])];
}

import { join } from "node:path";
import { DvmError } from "../../../base/errors.ts";
import type { MachineSpec, NicSpec, PublishedPort, ShareSpec } from "../../machine.ts";

/** Files of one machine inside its run folder. */
export interface MachineFiles {
  agentSocket: string;
  controlSocket: string;
  console: string;
  errors: string;
  pidFile: string;
}

export function machineFiles(runFolder: string): MachineFiles {
  return {
    agentSocket: join(runFolder, "agent.sock"),
    controlSocket: join(runFolder, "qmp.sock"),
    console: join(runFolder, "console.log"),
    errors: join(runFolder, "qemu.log"),
    pidFile: join(runFolder, "qemu.pid"),
  };
}

/** The command line of `qemu-system-x86_64` for `spec`. Pure: looks at nothing but its input. */
export function qemuArguments(spec: MachineSpec): string[] {
  const files = machineFiles(spec.runFolder);
  return [
    ...["-name", `dvm-${spec.id}`, "-nodefaults", "-no-user-config", "-display", "none"],
    ...["-M", machineType(spec), "-accel", accelerator(spec), "-cpu", cpuModel(spec)],
    ...["-smp", String(spec.cpus), "-m", `${spec.memoryMiB}M`],
    ...["-no-reboot", "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny"],
    ...["-kernel", spec.kernel.path, "-initrd", spec.kernel.initramfs],
    ...["-append", kernelCommandLine(spec)],
    ...["-chardev", `file,id=console,path=${escaped(files.console)}`, "-serial", "chardev:console"],
    ...["-chardev", `socket,id=agent,path=${escaped(files.agentSocket)},server=on,wait=off`],
    ...["-device", "virtio-serial-device,max_ports=2"],
    ...["-device", "virtserialport,chardev=agent,name=dvm.agent"],
    ...["-qmp", `unix:${escaped(files.controlSocket)},server=on,wait=off`],
    ...["-device", "virtio-rng-device"],
    ...spec.disks.flatMap(diskArguments),
    ...spec.nics.flatMap(nicArguments),
    ...spec.shares.flatMap(shareArguments),
  ];
}

/** Under KVM the timers are the kernel's own; by emulation a guest hangs without RTC, PIC and PIT. */
function machineType(spec: MachineSpec): string {
  const legacy = spec.accelerator === "kvm" && spec.kernel.discovery === "cmdline" ? "off" : "on";
  const acpi = spec.kernel.discovery === "acpi" ? "on" : "off";
  return `microvm,acpi=${acpi},rtc=${legacy},pic=${legacy},pit=${legacy},isa-serial=on`;
}

function accelerator(spec: MachineSpec): string {
  return spec.accelerator === "kvm" ? "kvm" : "tcg,thread=multi,tb-size=64";
}

function cpuModel(spec: MachineSpec): string {
  return spec.accelerator === "kvm" ? "host" : "max";
}

function kernelCommandLine(spec: MachineSpec): string {
  const words = ["console=ttyS0", "quiet", "panic=-1", "reboot=t", "random.trust_cpu=on"];
  if (spec.accelerator === "tcg") words.push("tsc=reliable");
  // measured against the emulated PIT the counter's rate is wrong, or not found, on a busy host
  if (spec.accelerator === "tcg" && spec.tscKhz !== undefined)
    words.push(`tsc_early_khz=${spec.tscKhz}`);
  return words.join(" ");
}

function diskArguments(disk: MachineSpec["disks"][number], index: number): string[] {
  const access = disk.readOnly ? "readonly=on" : "readonly=off,discard=unmap,detect-zeroes=unmap";
  return [
    ...[
      "-drive",
      `if=none,id=disk${index},file=${escaped(disk.path)},format=${disk.format},${access}`,
    ],
    ...["-device", `virtio-blk-device,drive=disk${index}`],
  ];
}

function nicArguments(nic: NicSpec, index: number): string[] {
  const forwards = nic.publish.map((port) => `,hostfwd=${forward(port)}`).join("");
  return [
    ...["-netdev", `user,id=nic${index},ipv6=off${forwards}`],
    ...["-device", `virtio-net-device,netdev=nic${index},mac=${nic.mac}`],
  ];
}

function forward(port: PublishedPort): string {
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
function escaped(value: string): string {
  return value.replaceAll(",", ",,");
}

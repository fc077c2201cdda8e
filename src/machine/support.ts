import { DvmError } from "../base/errors.ts";
import type { Capabilities, Hypervisor, MachineSpec } from "./machine.ts";
import { publishedPorts } from "./nics.ts";

type Driver = Pick<Hypervisor, "name" | "capabilities" | "accelerators">;

/** Fails with `unsupported` where a driver can't make such a machine, and says what it can't. */
export function requireSupport(driver: Driver, spec: MachineSpec): void {
  const missing = missingFor(driver.capabilities, spec);
  if (missing !== undefined) throw unsupported(driver, "start the machine", missing);
}

/** The same of a machine that is to stand still for a while. */
export function requirePause(driver: Driver): void {
  if (!driver.capabilities.pause) throw unsupported(driver, "pause", "can't stop a machine");
}

/** The same of one whose guest is to see files of the host. */
export function requireFileSharing(driver: Driver): void {
  if (!driver.capabilities.fileSharing)
    throw unsupported(
      driver,
      "start the machine",
      "can't share files of the host, which binds and volumes need",
    );
}

/** The same of templates. */
export function requireTemplates(driver: Driver): void {
  if (!driver.capabilities.templates)
    throw unsupported(driver, "make a template", "can't save machines");
}

/** Whether machines with this spec can be cloned, and be given their disks and ports when they run. */
export function canClone({ capabilities }: Driver, spec: MachineSpec): boolean {
  const { templates, diskExchange, publishing } = capabilities;
  return templates && diskExchange && (publishing || publishedPorts(spec.nics).length === 0);
}

/** Fails with `invalid` for what is neither `auto` nor an accelerator that the driver knows. */
export function checkAccelerator({ accelerators }: Driver, want: string): void {
  if (want === "auto" || accelerators.includes(want)) return;
  throw new DvmError(
    "invalid",
    `invalid accelerator: ${want}: it is auto or one of ${accelerators.join(", ")}`,
  );
}

/** Completes the sentence "the hypervisor …". */
function missingFor(can: Capabilities, spec: MachineSpec): string | undefined {
  const devices = spec.disks.length + spec.nics.length;
  if (devices > can.devices)
    return `has ${can.devices} places for disks and network cards, and ${devices} are asked for`;
  const format = spec.disks.find((disk) => !can.diskFormats.includes(disk.format))?.format;
  if (format !== undefined) return `has no disks of format ${format}`;
  const card = spec.nics.find(({ kind }) => !can.cards.includes(kind))?.kind;
  if (card !== undefined) return `has no network cards of kind ${card}`;
  if (publishedPorts(spec.nics).length > 0 && !can.publishing) return "can't publish ports";
  if (spec.template !== undefined && !can.templates) return "can't save or clone machines";
  return undefined;
}

function unsupported({ name }: Driver, what: string, fact: string): DvmError {
  return new DvmError("unsupported", `cannot ${what}: the hypervisor ${name} ${fact}`);
}

import type { Capabilities, Hypervisor } from "../../machine.ts";
import { requireSupport } from "../../support.ts";
import type { FakeGuestMaker } from "./fake-guest.ts";
import { FakeMachine, type FakeMachines } from "./fake-machine.ts";

const everything: Capabilities = {
  fileSharing: true,
  devices: 16,
  pause: true,
  templates: true,
  diskFormats: ["raw", "vmdk", "device", "empty"],
  diskExchange: true,
  cards: ["user"],
  publishing: true,
  connections: false,
};

/**
 * A driver without a VMM: its machines live in this process, and `makeGuest` says who is in them.
 * They outlive the daemon's engine, not its process. For tests of what stands above a driver, and
 * the shortest example of one. `can`: what it can do, where that isn't everything.
 */
export function fakeHypervisor(
  makeGuest: FakeGuestMaker,
  can: Partial<Capabilities> = {},
): Hypervisor {
  const machines: FakeMachines = new Map();
  const capabilities = { ...everything, ...can };
  const driver = { name: "fake", accelerators: ["none"], capabilities };
  return {
    ...driver,
    version: async () => "1",
    chooseAccelerator: async () => ({ accelerator: "none", reason: "no processor is emulated" }),
    kernelFeatures: [],
    bootDeadlineMs: () => 60_000,
    async start(spec, options) {
      options?.signal?.throwIfAborted();
      requireSupport(driver, spec);
      return FakeMachine.start({ makeGuest, capabilities, machines }, spec);
    },
    find: async (id, runFolder) => machines.get(runFolder)?.foundAs(id),
    async endStrays(root, keep) {
      const kept = new Set(keep.map(({ handle }) => handle));
      const strays = [...machines.values()].filter(
        (machine) => machine.isBelow(root) && !kept.has(machine.handle),
      );
      await Promise.all(strays.map((machine) => machine.kill()));
      return strays.map(({ handle }) => handle);
    },
  };
}

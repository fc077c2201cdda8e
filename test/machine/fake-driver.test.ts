import { fakeHypervisor } from "../../src/machine/drivers/fake/fake-driver.ts";
import type { Capabilities } from "../../src/machine/machine.ts";
import { lineGuest } from "../support/fake-machine/line-guest.ts";
import { hypervisorConformance } from "./hypervisor-conformance.ts";

const spec = {
  kernel: { path: "/none", initramfs: "/none", discovery: "cmdline" as const },
  accelerator: "none",
  cpus: 1,
  memoryMiB: 64,
  disks: [],
  nics: [],
};

const everything: Capabilities = {
  fileSharing: true,
  devices: 16,
  pause: true,
  templates: true,
  diskFormats: ["raw", "vmdk", "empty"],
  diskExchange: true,
  cards: ["user"],
  publishing: true,
  connections: false,
};
const little: Capabilities = {
  fileSharing: false,
  devices: 16,
  pause: false,
  templates: false,
  diskFormats: ["raw"],
  diskExchange: false,
  cards: ["user"],
  publishing: false,
  connections: false,
};

for (const [name, can] of [
  ["fake", everything],
  ["fake that can do little", little],
  ["fake without networks", { ...everything, cards: [] }],
] as const)
  hypervisorConformance(
    name,
    async () => ({ hypervisor: fakeHypervisor(lineGuest, can), spec }),
    can,
  );

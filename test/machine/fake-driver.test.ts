import { fakeHypervisor } from "../../src/machine/drivers/fake/fake-driver.ts";
import { hypervisorConformance } from "./hypervisor-conformance.ts";

hypervisorConformance("fake", async () => ({
  hypervisor: fakeHypervisor(),
  spec: {
    kernel: { path: "/none", initramfs: "/none", discovery: "cmdline" },
    accelerator: "tcg",
    cpus: 1,
    memoryMiB: 64,
    disks: [],
    nics: [],
    shares: [],
    fileBinds: [],
  },
}));

import { fakeHypervisor } from "../../src/machine/drivers/fake/fake-driver.ts";
import { hypervisorConformance } from "./hypervisor-conformance.ts";

const makeCandidate = async () => ({
  hypervisor: fakeHypervisor(),
  spec: {
    kernel: { path: "/none", initramfs: "/none", discovery: "cmdline" as const },
    accelerator: "none",
    cpus: 1,
    memoryMiB: 64,
    disks: [],
    nics: [],
    shares: [],
    fileBinds: [],
  },
});

hypervisorConformance("fake", makeCandidate, { templates: false });

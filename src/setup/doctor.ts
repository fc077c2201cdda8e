import { findCompiler } from "../host/compiler.ts";
import { runTool } from "../host/run-tool.ts";
import { findTool, type Tool } from "../host/tools.ts";
import { chooseKernel, listKernels, type Kernel } from "../kernel/kernel-catalogue.ts";
import { describeError, DvmError } from "../base/errors.ts";
import { diskSpaceFinding, placesFinding, rightsFinding } from "./host-findings.ts";
import type { Finding } from "./finding.ts";
import { networksFinding } from "./networks-finding.ts";
import { unmadePrograms } from "./own-programs.ts";

export type { Finding } from "./finding.ts";

/** What machines run on, by whoever knows: `bin/` has it from the driver. */
interface HostVmm {
  find(): Promise<Tool | undefined>;
  /** What a kernel needs for its machines. */
  kernelFeatures: readonly string[];
  /** The accelerator that machines with this kernel get. */
  chooseAccelerator(kernel: Kernel): Promise<{ accelerator: string; reason: string }>;
}

export interface DiagnoseInput {
  vmm: HostVmm;
  dataRoot: string;
  runRoot: string;
  environment: Record<string, string | undefined>;
  /** Whose firewall keeps root's host from forwarding for machines; undefined: nobody's. */
  forwardingBlockedBy(): Promise<string | undefined>;
}

const oldestNode = 24;

/** Looks at each part that DVM hangs on. Changes nothing; runs a short guest to judge KVM. */
export async function diagnose(input: DiagnoseInput): Promise<Finding[]> {
  const { dataRoot, vmm } = input;
  const qemu = await vmm.find();
  const checks: [part: string, check: () => Promise<Finding>][] = [
    ["Node", async () => nodeFinding(process.versions.node)],
    ["QEMU", () => qemuFinding(qemu)],
    ["Accelerator", () => acceleratorFinding(input, qemu)],
    ["Kernel", () => kernelFinding(dataRoot)],
    ["Own programs", () => programsFinding(dataRoot)],
    ["Scratch disks", () => scratchFinding(dataRoot)],
    ["Places", async () => placesFinding(input)],
    ["Networks", () => networksFinding(input)],
    ["Disk space", () => diskSpaceFinding(dataRoot)],
    ["User rights", async () => rightsFinding(process.getuid?.() ?? 0)],
  ];
  const findings: Finding[] = [];
  for (const [part, check] of checks) findings.push(await judged(part, check));
  return findings;
}

/** A check that fails is itself a finding: the others are still told. */
async function judged(part: string, check: () => Promise<Finding>): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    const remedy = error instanceof DvmError ? error.hint : undefined;
    return {
      part,
      state: "warning",
      fact: describeError(error),
      ...(remedy === undefined ? {} : { remedy }),
    };
  }
}

function nodeFinding(version: string): Finding {
  if (Number.parseInt(version, 10) >= oldestNode)
    return { part: "Node", state: "found", fact: version };
  return {
    part: "Node",
    state: "missing",
    fact: `${version} is older than ${oldestNode}`,
    consequence: "DVM can't run",
    remedy: "start DVM by ./dvm, which brings a Node of its own",
  };
}

async function qemuFinding(qemu: Tool | undefined): Promise<Finding> {
  if (qemu === undefined) {
    return {
      part: "QEMU",
      state: "missing",
      fact: "there is no qemu-system-x86_64",
      consequence: "no machine can start",
      remedy: "dvm setup",
    };
  }
  const { path, environment } = qemu;
  const text = await runTool(path, ["--version"], { purpose: "ask QEMU's version", environment });
  const version = /version (\S+)/.exec(text)?.[1] ?? "of unknown version";
  return { part: "QEMU", state: "found", fact: `${version}, ${path}` };
}

async function acceleratorFinding(
  { dataRoot, vmm }: DiagnoseInput,
  qemu: Tool | undefined,
): Promise<Finding> {
  const part = "Accelerator";
  const stored = await listKernels(dataRoot);
  if (qemu === undefined || stored.length === 0) {
    return {
      part,
      state: "warning",
      fact: "not judged: it takes QEMU and a kernel",
      remedy: "dvm setup",
    };
  }
  const kernel = await chooseKernel(dataRoot, undefined, {
    features: vmm.kernelFeatures,
  });
  const { accelerator, reason } = await vmm.chooseAccelerator(kernel);
  if (accelerator === "kvm") return { part, state: "found", fact: `KVM: ${reason}` };
  return {
    part,
    state: "warning",
    fact: `emulation, since ${reason}`,
    consequence: "machines start and run several times slower than with KVM",
    remedy: kvmRemedy(reason),
  };
}

function kvmRemedy(reason: string): string {
  if (reason.startsWith("there is no"))
    return "turn virtualisation on in the firmware, or nested virtualisation on the host of this VM";
  if (reason.includes("may not be opened"))
    return "as root: usermod -aG kvm USER, then log in again";
  return "this host's KVM is broken for guests; a host with working (nested) virtualisation helps";
}

async function kernelFinding(dataRoot: string): Promise<Finding> {
  const part = "Kernel";
  const kernels = await listKernels(dataRoot);
  if (kernels.length === 0) {
    return {
      part,
      state: "missing",
      fact: "there is none in the store",
      consequence: "no machine can start",
      remedy: "dvm setup",
    };
  }
  const fact = kernels.map(({ name, release }) => `${name} ${release}`).join(", ");
  if (kernels.some(({ name }) => name === "hyper")) return { part, state: "found", fact };
  return {
    part,
    state: "found",
    fact,
    consequence: "machines start several times slower than with DVM's own small kernel",
    remedy: "dvm kernel build",
  };
}

async function programsFinding(dataRoot: string): Promise<Finding> {
  const part = "Own programs";
  const unmade = (await unmadePrograms(dataRoot)).map(({ name }) => name);
  if (unmade.length === 0) return { part, state: "found", fact: "compiled" };
  const what = `${unmade.join(" and ")} ${unmade.length === 1 ? "is" : "are"}`;
  const compiler = await findCompiler(dataRoot);
  const make = await findTool(dataRoot, "make");
  if (compiler !== undefined && make !== undefined)
    return { part, state: "found", fact: `${what} compiled by ${compiler.path} when needed` };
  return {
    part,
    state: "missing",
    fact: `${what} not compiled, and there is no ${compiler === undefined ? "C compiler" : "make"}`,
    consequence: "no machine can start",
    remedy: "dvm setup",
  };
}

async function scratchFinding(dataRoot: string): Promise<Finding> {
  const part = "Scratch disks";
  const tool = await findTool(dataRoot, "mkfs.ext4");
  if (tool !== undefined) return { part, state: "found", fact: `made by ${tool.path}` };
  return {
    part,
    state: "missing",
    fact: "there is no mkfs.ext4",
    consequence: "containers have nothing to write to",
    remedy: "dvm setup",
  };
}

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DvmError } from "../../base/errors.ts";
import type { CliContext, Command } from "../../cli/command.ts";
import type { ParsedFlags } from "../../cli/flags.ts";
import { asText } from "../../client/json.ts";
import { temporaryFolder } from "../../host/temporary-folder.ts";
import { hostTscKhz } from "../../host/tsc.ts";
import { agentBinary } from "../../kernel/agent-binary.ts";
import {
  chooseKernel,
  findStoredKernel,
  hasFeatures,
  listKernels,
} from "../../kernel/kernel-catalogue.ts";
import type { MachineKernel } from "../../machine/machine.ts";
import type { BenchHost, BenchSubject } from "../kernel-bench/bench-machine.ts";
import { readBudgets } from "../kernel-bench/budgets.ts";
import { formatBudgets, formatReport } from "../kernel-bench/kernel-report.ts";
import { measureKernels } from "../kernel-bench/measure-kernels.ts";
import { findQemu } from "../../machine/drivers/qemu/find-qemu.ts";
import { hostQemu } from "../hypervisors.ts";
import { stoppedBySignal } from "../stopped-by-signal.ts";

const defaultBoots = 7;

/** `dvm kernel bench`: real machines, one after the other, the kernels taking turns. */
export const command: Command = {
  name: "kernel bench",
  usage: "[OPTIONS] [KERNEL...]",
  summary: "Measure kernels: boot, size, memory, with each accelerator, against stock",
  flags: [
    { name: "boots", kind: "integer", value: "n", summary: "Boots of each kernel (default 7)" },
    { name: "image", kind: "text", value: "image", summary: `With a busybox (default "busybox")` },
    { name: "no-smallest", kind: "boolean", summary: "Do not look for the smallest machine" },
    { name: "json", kind: "boolean", summary: "Print JSON" },
  ],
  arguments: { min: 0 },
  async run({ flags, positionals }, context) {
    const boots = flags.integer("boots") ?? defaultBoots;
    if (boots < 1 || boots > 1000)
      throw new DvmError("invalid", `cannot boot ${boots} times: between 1 and 1000 are possible`);
    await using work = await temporaryFolder(context.places.dataRoot, "bench");
    const host = await benchHost(context, work.path, flags);
    const figures = await measureKernels(await subjects(context, positionals), host, {
      boots,
      smallest: !flags.boolean("no-smallest"),
      onProgress: (text) => void context.stderr.write(`${text}\n`),
    });
    if (flags.boolean("json")) context.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
    else {
      const budgets = formatBudgets(figures, await readBudgets());
      context.stdout.write(`${formatReport(figures)}${budgets === "" ? "" : `\n${budgets}`}`);
    }
  },
};

/** Kernels by name, all when none is named; stock is always among them where it is there. */
async function subjects({ places }: CliContext, wants: string[]): Promise<BenchSubject[]> {
  const { dataRoot } = places;
  const { kernelFeatures } = hostQemu(dataRoot);
  const ours = (await listKernels(dataRoot)).filter((one) => hasFeatures(one, kernelFeatures));
  const names = new Set(ours.map(({ name }) => name));
  names.delete("custom");
  const wanted = wants.length === 0 ? [...names].sort() : wants;
  if (names.has("stock") && !wanted.includes("stock")) wanted.push("stock");
  const found: BenchSubject[] = [];
  for (const name of wanted) {
    const kernel = await chooseKernel(dataRoot, name, { features: kernelFeatures });
    const stored = name.includes("/") ? undefined : await findStoredKernel(dataRoot, name);
    for (const accelerator of await accelerators(dataRoot, kernel))
      found.push({ kernel, accelerator, buildMs: stored?.built?.tookMs });
  }
  return found;
}

/** Emulation, and KVM where a real guest came up under it. */
async function accelerators(dataRoot: string, kernel: MachineKernel): Promise<string[]> {
  const { accelerator } = await hostQemu(dataRoot).chooseAccelerator("auto", kernel);
  return accelerator === "kvm" ? ["kvm", "tcg"] : ["tcg"];
}

async function benchHost(
  { places, client }: CliContext,
  work: string,
  flags: ParsedFlags,
): Promise<BenchHost> {
  const { dataRoot } = places;
  const qemu = await findQemu(dataRoot);
  if (qemu === undefined)
    throw new DvmError("unavailable", "cannot measure kernels: QEMU is not installed", {
      hint: "run: dvm setup",
    });
  const image = await client.images.inspect(flags.text("image") ?? "busybox");
  const digest = asText(image["Id"]).replace(/^sha256:/, "");
  await mkdir(work, { recursive: true });
  return {
    qemu,
    hypervisor: hostQemu(dataRoot),
    tscKhz: await hostTscKhz(await agentBinary(dataRoot), join(dataRoot, "tsc")),
    ...{ dataRoot, work, signal: stoppedBySignal("measure kernels") },
    imageDisk: join(dataRoot, "images/disks", digest, "disk.vmdk"),
  };
}

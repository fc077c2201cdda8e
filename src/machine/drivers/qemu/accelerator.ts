import { constants } from "node:fs";
import { open, readFile, realpath, stat } from "node:fs/promises";
import { z } from "zod";
import { DvmError, systemErrorCode } from "../../../base/errors.ts";
import type { Tool } from "../../../host/tools.ts";
import { writeAtomically } from "../../../host/write-atomically.ts";
import type { AcceleratorChoice, MachineKernel } from "../../machine.ts";
import { acceleratorName, acceleratorNames, type AcceleratorName } from "./accelerator-names.ts";
import { tryKvmGuest, type Greet } from "./kvm-guest.ts";

const maximumVerdicts = 32;

/** How it is found out whether KVM works. */
export interface AcceleratorProbe {
  /** Remembers verdicts for as long as the host is up. */
  cacheFile: string;
  greet: Greet;
}

interface ProbedMachine extends AcceleratorProbe {
  kernel: MachineKernel;
  locate: () => Promise<Tool>;
}

type Verdict = AcceleratorChoice & { accelerator: AcceleratorName };

/**
 * What machines run on. A /dev/kvm that opens proves nothing, so a real guest has to come up under
 * KVM; that takes up to eight seconds where it doesn't, once per boot of the host, QEMU and kernel.
 */
export async function chooseAccelerator(
  want: string,
  probed: ProbedMachine,
): Promise<AcceleratorChoice> {
  const name = want === "auto" ? "auto" : acceleratorName(want);
  if (name === "tcg") return { accelerator: "tcg", reason: "emulation was asked for" };
  const verdict = await verdictOf(probed);
  if (name === "kvm" && verdict.accelerator !== "kvm") {
    throw new DvmError("unavailable", `cannot use KVM: ${verdict.reason}`, {
      hint: "leave --accel out, or give --accel tcg, to run by emulation",
    });
  }
  return verdict;
}

async function verdictOf({ cacheFile, greet, kernel, locate }: ProbedMachine): Promise<Verdict> {
  const obstacle = await kvmObstacle();
  if (obstacle !== undefined) return { accelerator: "tcg", reason: obstacle };
  const qemu = await locate();
  const key = await situation(qemu, kernel.path);
  const known = (await readVerdicts(cacheFile)).find((one) => one.key === key);
  if (known !== undefined) return { accelerator: known.accelerator, reason: known.reason };
  const failure = await tryKvmGuest(qemu, kernel, { greet });
  const verdict: Verdict =
    failure === undefined
      ? { accelerator: "kvm", reason: "a guest came up under KVM" }
      : { accelerator: "tcg", reason: `/dev/kvm opens, but ${failure}` };
  await remember(cacheFile, { key, ...verdict });
  return verdict;
}

/** Beside those of other kernels of the same boot of the host. */
async function remember(path: string, verdict: KnownVerdict): Promise<void> {
  const [bootId = ""] = verdict.key.split("\n");
  const others = (await readVerdicts(path)).filter(
    ({ key }) => key !== verdict.key && key.startsWith(`${bootId}\n`),
  );
  const all = [...others, verdict].slice(-maximumVerdicts);
  await writeAtomically(path, `${JSON.stringify(all, undefined, 2)}\n`, 0o600);
}

/** Why KVM can't even be tried; undefined when /dev/kvm opens. */
export async function kvmObstacle(device = "/dev/kvm"): Promise<string | undefined> {
  try {
    await using file = await open(device, constants.O_RDWR);
    await file.stat();
    return undefined;
  } catch (error) {
    const code = systemErrorCode(error) ?? "unknown error";
    if (code === "ENOENT") return `there is no ${device}`;
    if (code === "EACCES") return `${device} may not be opened by this user`;
    return `${device} does not open (${code})`;
  }
}

/** All that a verdict hangs on, as text. A program or kernel that was replaced has other times. */
async function situation(qemu: Tool, kernel: string): Promise<string> {
  const bootId = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  const files = [qemu.path, kernel].map(async (name) => {
    const path = await realpath(name);
    const { size, mtimeMs } = await stat(path);
    return `${path} ${size} ${mtimeMs}`;
  });
  return [bootId, ...(await Promise.all(files))].join("\n");
}

const verdictsSchema = z.array(
  z.object({ key: z.string(), accelerator: z.enum(acceleratorNames), reason: z.string() }),
);
type KnownVerdict = z.infer<typeof verdictsSchema>[number];

async function readVerdicts(path: string): Promise<KnownVerdict[]> {
  try {
    return verdictsSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    // not there, or damaged: it is found out anew
    return [];
  }
}

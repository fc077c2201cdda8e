import { readFile } from "node:fs/promises";
import { runTool } from "./run-tool.ts";
import { writeAtomically } from "./write-atomically.ts";

const bootIdFile = "/proc/sys/kernel/random/boot_id";

/**
 * Rate of this host's time stamp counter in kHz, measured by `agentPath` (a fifth of a second) once
 * per boot of the host and kept in `cacheFile`. Undefined on processors without a steady one.
 */
export async function hostTscKhz(
  agentPath: string,
  cacheFile: string,
): Promise<number | undefined> {
  const bootId = (await readFile(bootIdFile, "utf8")).trim();
  const known = (await readFile(cacheFile, "utf8").catch(() => "")).trim().split(" ");
  if (known[0] === bootId && Number(known[1]) > 0) return Number(known[1]);
  if (!/^flags\b.*\bconstant_tsc\b/m.test(await readFile("/proc/cpuinfo", "utf8")))
    return undefined;
  const printed = await runTool(agentPath, ["tsc"], { purpose: "measure the time stamp counter" });
  const khz = Number(printed.trim());
  if (!Number.isInteger(khz) || khz < 100_000) return undefined;
  await writeAtomically(cacheFile, `${bootId} ${khz}\n`, 0o600);
  return khz;
}
